"""What a till in training leaves alone: real money, real goods, and real sales (F13)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from pos.models import Sale
from teraa.common.problems import Problem
from teraa.venues.authentication import StationSession


class NotInTraining(Problem):
    code = "not_in_training"
    status = 409
    title = _("This till is in training: this cannot be practised.")
    advice = _("Practise with cash and card. A manager ends the training in the till’s menu.")


class OtherWorld(Problem):
    """A real sale at a till in training, or the other way round."""

    code = "other_world"
    status = 409
    title = _("This sale and this till are not both in training.")
    advice = _("A manager switches the training on or off in the till’s menu.")


def refuse_training(session: StationSession) -> None:
    """For what reaches real money or goods. Raises NotInTraining."""
    if session.station.training:
        raise NotInTraining


def check_world(session: StationSession, sale: Sale) -> None:
    """Only practised sales at a till in training, only real ones elsewhere. Raises OtherWorld."""
    if session.station.training != sale.training:
        raise OtherWorld
