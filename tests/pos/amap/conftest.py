"""Taking a file over is an event of the venue's journal: these tests have keys."""

import pytest


@pytest.fixture(autouse=True)
def _keys(keys_dir):
    pass
