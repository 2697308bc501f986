"""The OSM development node: a real little chain in one process, answering as ARK Core does.

For demos and tests only: every key in it comes from a public phrase, it listens on loopback, and
every answer carries `X-TERAA-Development-Node: 1`.

`ledger` (balances, votes, nonces), `chain` (blocks and indexes over `storage`'s append-only log),
`pool`, `forger` and `webhooks` know nothing of HTTP; `machine` puts them together; `api` spells the
dialects of Core 2.5 and 3.9 over them. `served` gives a machine files and ports, `inprocess` neither.
`faults` makes it misbehave, and `control` lets a test of another process ask for that.

A test uses `node.DevelopmentNode` or `inprocess.InProcessNode`, a person `python -m`.
"""
