"""Every decision about coins is sealed in the venue's journal: these tests have keys."""

import pytest


@pytest.fixture(autouse=True)
def _keys(keys_dir):
    pass
