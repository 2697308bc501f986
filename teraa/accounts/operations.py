"""People get in: by a link that works once, or because a manager let them."""

from __future__ import annotations

import datetime
import hashlib
import secrets

from django.db import IntegrityError, transaction
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from teraa.accounts.models import SignInLink, User
from teraa.common.problems import Problem

OFFICE = "/office/"
# A day: who starts the house in the morning may enter it in the evening.
LINK_MINUTES = 24 * 60
# Nobody's mailbox: who looks after a house before anybody has said who that is.
KEEPER = "keeper@localhost"


class LinkUnusable(Problem):
    """Unknown, used or too old: which of them is nobody's business but the owner's."""

    code = "link_unusable"
    status = 410
    title = _("This link no longer opens anything.")
    advice = _("It works once and for a short time. Ask for a new one, or sign in by e-mail.")


def make_sign_in_link(
    *, user: User, at: datetime.datetime, minutes: int, next_path: str = OFFICE
) -> str:
    """The secret of a link that signs ``user`` in, once, within ``minutes``.

    It belongs after ``/enter/``; only its digest is stored. ``next_path`` is a page of ours.
    """
    if not url_has_allowed_host_and_scheme(next_path, allowed_hosts=None):
        raise ValueError(f"not a page of ours: {next_path}")
    secret = secrets.token_urlsafe(32)
    SignInLink.objects.create(
        user=user,
        secret_sha256=_digest(secret),
        next_path=next_path,
        created_at=at,
        expires_at=at + datetime.timedelta(minutes=minutes),
    )
    return secret


@transaction.atomic
def use_sign_in_link(secret: str, *, at: datetime.datetime) -> SignInLink:
    """Spend a link; of two who do so at once, one gets in. Raises LinkUnusable."""
    links = SignInLink.objects.filter(secret_sha256=_digest(secret))
    # No join here: Django would put it all into a subquery, which PostgreSQL does not look at again
    # when a rival's update has just been waited for, and two would get in.
    active = User.objects.filter(is_active=True).values("pk")
    usable = links.filter(used_at=None, expires_at__gt=at, user_id__in=active)
    if usable.update(used_at=at) != 1:
        raise LinkUnusable()
    return links.select_related("user").get()


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def office_user(*, email: str, name: str = "") -> User:
    """The account of ``email``, which may enter the back office from now on; made when missing.

    It has no password: who reads that mailbox gets in, by a code sent there.
    """
    email = email.strip().lower()
    user = User.objects.get_queryset().with_email(email).first()
    if user is None:
        try:
            with transaction.atomic():
                user = User.objects.create_user(email, name=name, is_staff=True)
        except IntegrityError:  # somebody was quicker
            user = User.objects.get_queryset().with_email(email).get()
    if not user.is_staff:
        user.is_staff = True
        user.save(update_fields=["is_staff"])
    return user


def prune_links(at: datetime.datetime) -> int:
    """Forget links a week after they expired."""
    old = at - datetime.timedelta(days=7)
    gone, _details = SignInLink.objects.filter(expires_at__lt=old).delete()
    return gone


@transaction.atomic
def make_keeper_link(*, at: datetime.datetime) -> str | None:
    """The secret of a link for whoever looks after a new house; None once somebody does.

    It opens an account that stands for that person until its address is made a real one.
    """
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(email=KEEPER)
    if others.exists():
        return None
    keeper, _is_new = User.objects.get_or_create(
        email=KEEPER, defaults={"is_staff": True, "is_superuser": True}
    )
    return make_sign_in_link(user=keeper, at=at, minutes=LINK_MINUTES)
