"""A state moves by one UPDATE that says from where; a table says what is allowed."""

import threading

import pytest
from django.db import connections

from teraa.accounts.models import MailState, OutgoingMail
from teraa.common.states import WrongMove, moves_table

# The mail is the plainest thing in the house that has states.
TABLE = moves_table(OutgoingMail.MOVES)


def make_mail(at, state=MailState.WAITING):
    sent_at = at if state == MailState.SENT else None
    return OutgoingMail.objects.create(
        state=state, sent_at=sent_at, sender="a@example.org", subject="x", text="y", created_at=at
    )


def test_its_table_names_every_pair():
    assert len(TABLE) == len(MailState.values) * (len(MailState.values) - 1)


@pytest.mark.django_db
@pytest.mark.parametrize(("source", "target", "allowed"), TABLE, ids=lambda value: str(value))
def test_it_moves_only_as_the_table_says(at, source, target, allowed):
    mail = make_mail(at, source)
    changes = {"sent_at": at} if target == MailState.SENT else {}
    if allowed:
        assert mail.move(target, **changes) is mail
        assert mail.state == target
    else:
        with pytest.raises(WrongMove):
            mail.move(target, **changes)
        assert mail.state == source
    mail.refresh_from_db()
    assert mail.state == (target if allowed else source)


@pytest.mark.django_db
def test_it_writes_what_changes_with_the_state_in_the_same_update(at, count_queries):
    mail = make_mail(at)
    with count_queries() as queries:
        mail.move(MailState.SENT, sent_at=at)
    assert len(queries) == 1
    assert mail.sent_at == at


@pytest.mark.django_db
def test_it_refuses_a_stale_copy(at):
    mail = make_mail(at)
    stale = OutgoingMail.objects.get()
    mail.move(MailState.SENT, sent_at=at)
    with pytest.raises(WrongMove):
        stale.move(MailState.FAILED)
    mail.refresh_from_db()
    assert mail.state == MailState.SENT


def test_it_lets_one_of_many_movers_through(live_database, at):
    mail_id = make_mail(at).pk
    outcomes, start = [], threading.Barrier(6)

    def move():
        mail = OutgoingMail.objects.get(pk=mail_id)
        start.wait(20)
        try:
            mail.move(MailState.KEPT)
            outcomes.append("moved")
        except WrongMove:
            outcomes.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=move) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["moved"] + ["refused"] * 5
