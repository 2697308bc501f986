from tests.journal import journal_kept  # noqa: F401  a fixture
