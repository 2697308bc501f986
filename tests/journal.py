"""A journal in memory, in place of the fiscal room's, for tests about something else."""

import pytest

from teraa.common import journal


@pytest.fixture
def journal_kept(monkeypatch):
    """What would have been journaled, as dicts."""
    kept = []
    monkeypatch.setattr(journal, "_sink", lambda **entry: kept.append(entry))
    return kept
