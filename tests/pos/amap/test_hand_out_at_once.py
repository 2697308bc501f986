"""Two tills hand out the same basket in the same instant: one wins, the other is told."""

from __future__ import annotations

import threading

from django.db import connection

from pos.amap.models import Basket
from pos.amap.operations import hand_out
from pos.amap.problems import AlreadyHandedOut
from teraa.common.ids import uuid7
from tests.pos.amap.cast import NOW, amap

ROUNDS = 8


def test_one_basket_leaves_once(live_database):
    farm = amap()
    for number in range(ROUNDS):
        farm.basket(farm.household(f"Prénom {number}", f"NOM {number}"))
    farm.close()
    tills = [farm.session, farm.till(name="Deux"), farm.till(name="Trois")]
    for basket in Basket.objects.all():
        start = threading.Barrier(len(tills))
        said: list[str] = []

        def give(session, basket=basket, start=start, said=said) -> None:
            try:
                start.wait()
                hand_out(session=session, basket_id=basket.pk, key=uuid7(), missing=[], at=NOW)
                said.append("done")
            except AlreadyHandedOut:
                said.append("told")
            finally:
                connection.close()

        threads = [threading.Thread(target=give, args=(till,)) for till in tills]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(said) == ["done", "told", "told"]
