"""Copies of everything that matters, and bringing one back: database, fiscal keys, archives.

``sealed`` encrypts, ``taking`` makes a copy, ``returning`` puts one back into an empty place.
"""
