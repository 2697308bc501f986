"""The OSM development node: a real little chain in one process, answering as ARK Core 2.5 does.

For demos and tests only: every key in it comes from a public phrase, it listens on loopback, and
every answer carries `X-TERAA-Development-Node: 1`.

`ledger` (balances and votes), `chain` (blocks and indexes over `storage`'s append-only log),
`pool`, `forger` and `webhooks` know nothing of HTTP; `api` spells the 2.5 dialect over them;
`node` puts them together. A test uses `node.DevelopmentNode`, a person `python -m`.
"""
