"""The journal of a test that is not about the journal."""

import pytest

from teraa.common import journal


@pytest.fixture
def journal_kept(monkeypatch):
    """A sink in place of the fiscal room's; gives what was recorded."""
    kept = []
    monkeypatch.setattr(journal, "_sink", lambda **entry: kept.append(entry))
    return kept
