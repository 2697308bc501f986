"""What a resource is made of, and the two rows every claim writes."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ResourceKind(models.TextChoices):
    SET = "set", _("All of these together")
    CHOICE = "choice", _("Any of these")


class Feature(models.TextChoices):
    """What a space has or is, and people look for."""

    STEP_FREE = "step_free", _("Step-free access")
    PROJECTOR = "projector", _("Projector")
    SCREEN = "screen", _("Large screen")
    WHITEBOARD = "whiteboard", _("Whiteboard")
    PIANO = "piano", _("Piano")
    SOUND = "sound", _("Sound system")
    LIGHTS = "lights", _("Lights")
    KITCHEN = "kitchen", _("Kitchen")
    WATER = "water", _("Running water")
    DAYLIGHT = "daylight", _("Daylight")
    QUIET = "quiet", _("Quiet")


class ClaimKind(models.TextChoices):
    """Both are written for each atom. Only rows of *different* kind exclude each other: core lies
    inside the other's buffered range, and two buffers may overlap, so buffers do not stack.
    """

    CORE = "core", _("In use")
    BUFFERED = "buffered", _("In use, with the time before and after")


class FeedShows(models.TextChoices):
    """What a calendar feed tells of each stay."""

    BUSY = "busy", _("only that it is taken")
    ALL = "all", _("who has it")
