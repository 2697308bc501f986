"""Ways for the development node to misbehave, each behind a switch that is off.

`switches` names them all; `wire` spoils answers (with `answers`, twists of JSON, and `blocks`, whole
blocks that should not be there), `hooks` spoils webhooks, `forging` spoils blocks. For tests: a house
never turns one on.
"""
