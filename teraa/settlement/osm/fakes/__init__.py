"""Twins of what is outside, for tests and rehearsals: a wire that lies between us and a node."""
