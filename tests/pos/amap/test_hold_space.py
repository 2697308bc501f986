"""A distribution takes its room from everybody else, and gives it back when it moves."""

from __future__ import annotations

import datetime

import pytest
from django.test import Client
from django.urls import reverse

from pos.amap.operations import hold_space
from teraa.spaces.models import Claim
from teraa.spaces.operations import JustTaken, Need, claim_spaces
from teraa.venues.models import Role
from tests import make
from tests.pos.amap.cast import NOW, Amap, amap
from tests.spaces.cast import spaces

pytestmark = pytest.mark.django_db


@pytest.fixture
def farm() -> Amap:
    made = amap()
    made.distribution.resource = spaces(made.venue).grand
    made.distribution.save()
    return made


def rival(farm: Amap) -> None:
    claim_spaces(
        venue_id=farm.venue.pk,
        holder="tests.rival:1",
        needs=[Need(farm.distribution.resource_id)],
        starts_at=farm.distribution.starts_at,
        ends_at=farm.distribution.ends_at,
        at=NOW,
    )


def test_nobody_else_can_have_it_meanwhile(farm):
    hold_space(distribution=farm.distribution, at=NOW)
    hold_space(distribution=farm.distribution, at=NOW)

    with pytest.raises(JustTaken):
        rival(farm)


def test_it_gives_back_what_it_no_longer_needs(farm):
    hold_space(distribution=farm.distribution, at=NOW)
    farm.distribution.starts_at += datetime.timedelta(days=1)
    farm.distribution.ends_at += datetime.timedelta(days=1)
    hold_space(distribution=farm.distribution, at=NOW)
    farm.distribution.starts_at -= datetime.timedelta(days=1)
    farm.distribution.ends_at -= datetime.timedelta(days=1)
    rival(farm)

    farm.distribution.resource = None
    hold_space(distribution=farm.distribution, at=NOW)
    assert not Claim.objects.filter(holder__startswith="amap", live=True).exists()


def test_the_office_says_when_it_is_taken_and_stores_nothing(farm):
    rival(farm)
    user = make.user(is_staff=True)
    make.staff(farm.venue, role=Role.COORDINATOR, user=user)
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    wanted = farm.distribution.starts_at + datetime.timedelta(minutes=15)
    address = reverse("admin:amap_distribution_change", args=[farm.distribution.pk])
    page = browser.post(
        address,
        {
            # The office's clock is the venue's: an hour ahead of UTC in December.
            "starts_at_0": f"{wanted:%Y-%m-%d}",
            "starts_at_1": f"{wanted + datetime.timedelta(hours=1):%H:%M}",
            "ends_at_0": f"{wanted:%Y-%m-%d}",
            "ends_at_1": "21:00",
            "place": "Ailleurs",
            "resource": str(farm.distribution.resource_id),
            "float_cents": "0",
        },
        follow=True,
    )

    assert "taken" in page.content.decode().lower()
    farm.distribution.refresh_from_db()
    assert farm.distribution.place == "Grande salle"
