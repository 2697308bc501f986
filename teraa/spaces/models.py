"""What can be taken, and who has taken it when. One rule for studios, desks, concerts, closures."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from teraa.common.ids import uuid7
from teraa.spaces.states import ClaimKind, Feature, FeedShows, ResourceKind

MAX_BUFFER_MIN = 24 * 60
HOLDER_LENGTH = 80
LABEL_LENGTH = 120


class Atom(models.Model):
    """The smallest thing that only one party can have at a time: Studio A, desk 7, projector 2."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey("venues.Venue", models.PROTECT, related_name="atoms")
    name = models.CharField(_("name"), max_length=60)
    position = models.PositiveIntegerField(_("place"), default=0)

    class Meta:
        db_table = "spaces_atom"
        verbose_name = _("smallest space")
        verbose_name_plural = _("smallest spaces")
        constraints = [models.UniqueConstraint("venue", "name", name="spaces_atom_name_once")]
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class Resource(models.Model):
    """What people ask for: a set of atoms (Grand Studio = A + B), or any of several (a desk)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey("venues.Venue", models.PROTECT, related_name="resources")
    name = models.CharField(_("name"), max_length=60)
    kind = models.CharField(
        _("made of"), max_length=6, choices=ResourceKind.choices, default=ResourceKind.SET
    )
    capacity = models.PositiveIntegerField(
        _("people"),
        default=1,
        validators=[MinValueValidator(1)],
        help_text=_("How many fit in; of a choice, in each."),
    )
    buffer_before_min = models.PositiveIntegerField(
        _("minutes kept free before"), default=0, validators=[MaxValueValidator(MAX_BUFFER_MIN)]
    )
    buffer_after_min = models.PositiveIntegerField(
        _("minutes kept free after"), default=0, validators=[MaxValueValidator(MAX_BUFFER_MIN)]
    )
    features: ArrayField[list[str], list[str]] = ArrayField(
        models.CharField(max_length=20, choices=Feature.choices),
        verbose_name=_("what it has"),
        default=list,
        blank=True,
    )
    position = models.PositiveIntegerField(_("place"), default=0)
    atoms: models.ManyToManyField[Atom, ResourceAtom] = models.ManyToManyField(
        Atom, through="ResourceAtom", related_name="resources"
    )

    class Meta:
        db_table = "spaces_resource"
        verbose_name = _("space")
        verbose_name_plural = _("spaces")
        constraints = [
            models.UniqueConstraint("venue", "name", name="spaces_resource_name_once"),
            models.CheckConstraint(condition=Q(capacity__gte=1), name="spaces_resource_capacity"),
            models.CheckConstraint(
                condition=Q(
                    buffer_before_min__lte=MAX_BUFFER_MIN, buffer_after_min__lte=MAX_BUFFER_MIN
                ),
                name="spaces_resource_buffers",
            ),
        ]
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name

    @property
    def feature_words(self) -> list[str]:
        """What it has, in the reader's language, in the order of the list."""
        return [str(one.label) for one in Feature if one.value in self.features]


class ResourceAtom(models.Model):
    """One atom of a resource."""

    venue = models.ForeignKey("venues.Venue", models.PROTECT, related_name="+")
    resource = models.ForeignKey(Resource, models.CASCADE, related_name="parts")
    atom = models.ForeignKey(
        Atom, models.PROTECT, related_name="parts", verbose_name=_("smallest space")
    )

    class Meta:
        db_table = "spaces_resource_atom"
        verbose_name = _("part of a space")
        verbose_name_plural = _("parts of a space")
        constraints = [
            models.UniqueConstraint("resource", "atom", name="spaces_resource_atom_once")
        ]

    def __str__(self) -> str:
        return f"{self.resource} – {self.atom}"


class Claim(models.Model):
    """``holder`` has ``atom`` during ``span``. Two rows each: in use, and with its buffers.

    ``holder`` is whatever a trade calls its own row (``"bookings.booking:<uuid>"``), unique in the
    whole house. With ``expires_at`` it is a hold: it blocks until somebody frees it, which the
    next claimer does in its own transaction (a constraint cannot ask what time it is).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey("venues.Venue", models.PROTECT, related_name="claims")
    atom = models.ForeignKey(
        Atom, models.PROTECT, related_name="claims", verbose_name=_("smallest space")
    )
    span = DateTimeRangeField(_("from – to"))
    kind = models.CharField(_("kind"), max_length=8, choices=ClaimKind.choices)
    live = models.BooleanField(_("holds"), default=True)
    holder = models.CharField(_("taken by"), max_length=HOLDER_LENGTH)
    label = models.CharField(_("for"), max_length=LABEL_LENGTH, blank=True)
    expires_at = models.DateTimeField(_("held until"), null=True)
    created_at = models.DateTimeField(_("taken at"))
    released_at = models.DateTimeField(_("given back at"), null=True)

    class Meta:
        db_table = "spaces_claim"
        verbose_name = _("claim")
        verbose_name_plural = _("claims")
        constraints = [
            ExclusionConstraint(
                name="spaces_claim_one_at_a_time",
                index_type="GIST",
                expressions=[
                    ("atom", RangeOperators.EQUAL),
                    ("span", RangeOperators.OVERLAPS),
                    ("holder", RangeOperators.NOT_EQUAL),
                    ("kind", RangeOperators.NOT_EQUAL),
                ],
                condition=Q(live=True),
                violation_error_message=_("This is already taken at that time."),
            ),
            models.CheckConstraint(condition=~Q(span__isempty=True), name="spaces_claim_lasts"),
            models.CheckConstraint(
                condition=Q(span__lower_inf=False, span__upper_inf=False),
                name="spaces_claim_begins_and_ends",
            ),
            models.CheckConstraint(
                condition=Q(live=True, released_at__isnull=True)
                | Q(live=False, released_at__isnull=False),
                name="spaces_claim_released_has_time",
            ),
        ]
        indexes = [
            models.Index(fields=["holder"], name="spaces_claim_of_holder", condition=Q(live=True)),
            models.Index(
                fields=["expires_at"],
                name="spaces_claim_held",
                condition=Q(live=True, expires_at__isnull=False),
            ),
            models.Index(
                fields=["released_at"], name="spaces_claim_released", condition=Q(live=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.atom} {self.span} {self.holder}"


class Feed(models.Model):
    """A secret address at which a calendar reads what is taken: of one space, or of all.

    Only the digest of the secret is kept; it is shown once. Revoked, it answers as if it had never
    been.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.ForeignKey("venues.Venue", models.PROTECT, related_name="feeds")
    resource = models.ForeignKey(
        Resource,
        models.CASCADE,
        related_name="feeds",
        verbose_name=_("space"),
        null=True,
        blank=True,
        help_text=_("Empty: everything of the venue."),
    )
    name = models.CharField(_("for whom"), max_length=60)
    shows = models.CharField(
        _("shows"), max_length=4, choices=FeedShows.choices, default=FeedShows.BUSY
    )
    secret_sha256 = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("made"), editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)

    class Meta:
        db_table = "spaces_feed"
        verbose_name = _("calendar feed")
        verbose_name_plural = _("calendar feeds")
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name
