"""Closings of days, months and years (research pos-fr F6–F8): counted once, signed, never lost.

A day closes in two short steps (decision 0018). ``ending``: one transaction takes the register's
head, says in the journal that the period ends, writes down where every chain stands and lets go of
the period; the next sale opens another. ``days``: what now stands still is added up without a lock,
then signed. Whoever is killed between the two, the next call or the jobs' loop goes on from there.
"""
