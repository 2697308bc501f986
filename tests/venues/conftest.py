import pytest

from tests.journal import journal_kept  # noqa: F401  a fixture


@pytest.fixture(autouse=True)
def _quick_hashing(settings):
    """Argon2 takes its time on purpose; these tests are about what happens around it."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
