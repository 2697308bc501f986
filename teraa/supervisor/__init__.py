"""Starts every part of TERAA on one machine, keeps them alive, and ends them together.

Nothing here imports Django: the supervisor runs before the database exists and outlives every
part it starts.  It runs on Linux only, because it reads ``/proc`` and asks the kernel to end its
children when it dies.
"""
