"""Following a chain: hint or clock → look at the node → verify → one transaction → wake the rest.

`verify` is pure. `store` is the only place that writes blocks. `follower` decides what to read
next, `leader` who may write, `loop` when to look.
"""
