"""Nodes in the office: who runs the machine enters them, believes them again, allows a rewrite."""

import datetime

import pytest
from django.urls import reverse

from teraa.settlement.osm.models import BlockCursor, NodePeer
from tests import make
from tests.settlement import cast

pytestmark = pytest.mark.django_db

BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def cursor(at):
    return cast.live_cursor(at)


@pytest.fixture
def operator(client):
    client.force_login(make.user(is_staff=True, is_superuser=True), backend=BACKEND)
    return client


@pytest.fixture
def treasurer(client):
    user = make.user(is_staff=True)
    make.staff(make.venue(), user=user, role="treasurer")
    client.force_login(user, backend=BACKEND)
    return client


NEW = {"url": "https://node.example", "role": "trusted", "enabled": "on", "per_minute": ""}


def test_an_operator_enters_a_node(operator, cursor):
    answer = operator.post(reverse("admin:osm_nodepeer_add"), NEW)
    assert answer.status_code == 302
    entered = NodePeer.objects.get()
    assert (entered.network, entered.source, entered.role) == (cursor.network, "office", "trusted")
    assert entered.url == NEW["url"]
    assert len(entered.segment) == 32


def test_before_any_node_answered_there_is_no_network_to_enter_one_for(operator):
    answer = operator.post(reverse("admin:osm_nodepeer_add"), NEW, follow=True)
    assert "Le réseau n’est pas encore connu." in answer.content.decode()
    assert not NodePeer.objects.exists()


def test_nobody_else_enters_or_changes_one(treasurer, cursor):
    assert treasurer.post(reverse("admin:osm_nodepeer_add"), NEW).status_code == 403
    peer = NodePeer.objects.create(network=cursor.network, url="http://node")
    page = reverse("admin:osm_nodepeer_change", args=[peer.pk])
    assert treasurer.get(page).status_code == 200
    assert treasurer.post(page, NEW).status_code == 403
    believe = reverse("admin:osm_nodepeer_believe_again", args=[peer.pk])
    assert treasurer.post(believe).status_code in (302, 403)
    peer.refresh_from_db()
    assert peer.url == "http://node"


def test_what_the_settings_say_stays_as_they_say(operator, cursor):
    peer = NodePeer.objects.create(network=cursor.network, url="http://node", role="own")
    page = reverse("admin:osm_nodepeer_change", args=[peer.pk])
    operator.post(page, {"url": "http://other", "role": "public", "per_minute": "60"})
    peer.refresh_from_db()
    assert (peer.url, peer.role, peer.enabled, peer.per_minute) == ("http://node", "own", False, 60)


def test_an_operator_believes_a_node_again(operator, cursor, at):
    peer = NodePeer.objects.create(
        network=cursor.network,
        url="http://node",
        lies=3,
        quarantined_until=at + datetime.timedelta(hours=4),
        disabled_at=at,
        differs_at=7,
    )
    operator.get(reverse("admin:osm_nodepeer_believe_again", args=[peer.pk]))
    peer.refresh_from_db()
    assert (peer.lies, peer.quarantined_until, peer.disabled_at) == (0, None, None)
    assert peer.differs_at is None


def test_a_rewrite_is_allowed_with_the_height_shown(operator, cursor):
    BlockCursor.objects.update(state="halted", reason="deep_reorg", fork_height=870)
    page = operator.get(reverse("admin:osm_blockcursor_change", args=[cursor.pk]))
    assert "0 blocs, 0 de nos transactions" in page.content.decode()
    go_back = reverse("admin:osm_blockcursor_go_back", args=[cursor.pk])

    operator.post(go_back, {"height": "869", "_form_submitted": "on"})
    cursor.refresh_from_db()
    assert cursor.resume_height is None
    operator.post(go_back, {"height": "870", "_form_submitted": "on"})
    cursor.refresh_from_db()
    assert (cursor.resume_height, bool(cursor.resumed_by)) == (870, True)


def test_only_who_runs_the_machine_allows_a_rewrite(treasurer, cursor):
    BlockCursor.objects.update(state="halted", reason="deep_reorg", fork_height=870)
    go_back = reverse("admin:osm_blockcursor_go_back", args=[cursor.pk])
    treasurer.post(go_back, {"height": "870", "_form_submitted": "on"})
    cursor.refresh_from_db()
    assert cursor.resume_height is None
