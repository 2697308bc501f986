"""The public page: when, where, what is in season; nobody's name."""

from __future__ import annotations

import pytest
from django.test import Client

from teraa.common.clock import now
from tests import make
from tests.pos.amap.cast import amap

pytestmark = pytest.mark.django_db


def test_it_says_when_where_and_what_is_in_season():
    farm = amap(at=now(), street="1 rue du Lieu")
    farm.basket(farm.household("Zoé", "SECRÈTE"))
    page = Client().get(f"/lieu/{farm.venue.slug}/amap/").content.decode()

    for words in ("AMAP Fictive", "Grande salle", "1 rue du Lieu", "Pommes 1 kg", "Ferme Fictive"):
        assert words in page
    assert "SECRÈTE" not in page


def test_it_says_so_when_there_is_none():
    venue = make.venue()

    page = Client(headers={"accept-language": "en"}).get(f"/lieu/{venue.slug}/amap/")
    assert "No AMAP distributes its baskets here yet." in page.content.decode()
    assert Client().get("/lieu/nulle-part/amap/").status_code == 404
