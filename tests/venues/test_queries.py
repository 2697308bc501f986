"""Rates and identities in force on a day."""

import datetime

import pytest

from teraa.venues import queries
from teraa.venues.models import PayeeIdentity, Serving, VatClass, VatRate
from tests import make

pytestmark = pytest.mark.django_db

JULY = datetime.date(2027, 7, 1)
DAY = datetime.timedelta(days=1)


def test_it_knows_the_rate_of_each_day(count_queries):
    venue, other = make.venue(), make.venue()
    for where, rate_bp in ((venue, 550), (other, 2000)):
        VatRate.objects.create(
            venue=where,
            vat_class=VatClass.SOFT_DRINK,
            serving=Serving.ON_SITE,
            rate_bp=rate_bp,
            valid_from=JULY,
        )
    with count_queries() as asked:
        before = queries.vat_rates_on(venue.pk, JULY - DAY)
    after = queries.vat_rates_on(venue.pk, JULY)
    assert len(asked) == 1
    assert before[VatClass.SOFT_DRINK, Serving.ON_SITE] == 1000
    assert after[VatClass.SOFT_DRINK, Serving.ON_SITE] == 550
    assert before.keys() == after.keys() == make.RATES.keys()
    assert queries.vat_rates_on(venue.pk, make.LONG_AGO - DAY) == {}


def test_it_knows_who_a_payee_was_on_a_day():
    payee = make.payee(make.venue())
    renamed = PayeeIdentity.objects.create(
        payee=payee, valid_from=JULY, legal_name="SCIC Nouvelle", address="ailleurs"
    )
    assert queries.identity_on(payee.pk, JULY - DAY).legal_name == f"SCIC {payee.name}"
    assert queries.identity_on(payee.pk, JULY) == renamed
    with pytest.raises(queries.NoIdentity):
        queries.identity_on(payee.pk, make.LONG_AGO - DAY)
