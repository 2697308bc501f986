"""The application's role owns nothing and cannot rewrite what is written once."""

import pytest
from django.db import connection

from tests import make


@pytest.mark.django_db
def test_the_application_owns_no_table():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE tableowner = current_user")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == ("teraa_app", False)


def test_a_live_database_commits(live_database):
    made = make.venue()

    assert type(made).objects.filter(pk=made.pk).exists()
