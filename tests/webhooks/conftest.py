import pytest

from tests.journal import journal_kept


@pytest.fixture(autouse=True)
def _room(settings, journal_kept):
    """Receivers on loopback; what is journaled stays in memory."""
    settings.TERAA_HOOKS_TO_PRIVATE = True


__all__ = ["journal_kept"]
