"""Archives (research pos-fr F9): one file that anybody can read and check without this program.

``writing`` makes the file, ``operations`` signs and lists it, ``verifier`` travels inside it.
"""
