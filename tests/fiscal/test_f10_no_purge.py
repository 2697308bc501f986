"""F10: a purge would need a verified archive first; there is none at all (decision 0020)."""

import pytest

from tests.fiscal.task_cast import ask, do, register_of_two_days


@pytest.fixture
def register(live_database, keys_dir, settings, tmp_path):
    settings.TERAA_DATA = tmp_path / "data"
    return register_of_two_days()


def test_f10_nothing_can_be_purged(register):
    """No purge exists (decision 0020): no command, no operation, and the database refuses."""
    from django.core.management import get_commands
    from django.db import connection
    from django.db.utils import ProgrammingError

    do(ask(register, kind="archive"))

    assert not [name for name in get_commands() if "purge" in name]
    for table in ("document", "document_line", "document_tax", "document_tender", "archive"):
        with pytest.raises(ProgrammingError), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM fiscal_{table}")
