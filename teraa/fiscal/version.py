"""The fiscal package's own version: it changes when what is sealed, or how, changes.

Major: anything that touches inalterability, security, conservation or archiving (the editor must
attest anew). It is part of every signed payload and printed on every ticket.
"""

FISCAL_VERSION = "1.0.0"
