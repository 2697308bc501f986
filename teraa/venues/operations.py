"""Stations are enrolled and revoked; people sign on and off with their PIN. Every act is journaled."""

from __future__ import annotations

import datetime
import itertools
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.core.mail import send_mail
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from teraa.accounts.models import User
from teraa.accounts.operations import office_user
from teraa.common import journal, journal_codes
from teraa.common.clock import iso_utc
from teraa.common.ids import is_uuid7
from teraa.common.problems import Invalid, Problem
from teraa.common.rows import insert_once
from teraa.live import outbox
from teraa.live.topics import ACCESS_KEY
from teraa.venues.authentication import StationSession
from teraa.venues.models import (
    LONGEST_SILENCE_S,
    EnrolmentCode,
    PinLock,
    SignOn,
    Silence,
    StaffMember,
    Station,
    StationKind,
    VatRate,
    Venue,
)
from teraa.venues.secrets_kept import code_digest, new_code, new_token, token_digest
from teraa.venues.vat_table import RATES, SINCE

PIN_TRIES = 5
PIN_LOCK = datetime.timedelta(minutes=15)


class EnrolmentCodeUnknown(Problem):
    code = "enrolment_code_unknown"
    status = 422
    title = _("This enrolment code is not known.")
    advice = _("Check it letter by letter, or ask a manager for a new one.")


class EnrolmentCodeSpent(Problem):
    code = "enrolment_code_spent"
    status = 409
    title = _("This enrolment code has already been used.")
    advice = _("A code enrols one device. Ask a manager for a new one.")


class EnrolmentCodeExpired(Problem):
    code = "enrolment_code_expired"
    status = 410
    title = _("This enrolment code is no longer valid.")
    advice = _("Ask a manager for a new one.")


class CodeForOtherDevice(Problem):
    """Spent by the wrong kind of device, a code would be lost."""

    code = "code_for_other_device"
    status = 409
    title = _("This code is for another kind of device.")
    advice = _("An agent's code goes to the agent's command, any other is typed in a browser.")


class AlreadyRevoked(Problem):
    code = "already_revoked"
    status = 409
    title = _("This station is already revoked.")
    advice = _("Make an enrolment code to use it again.")


class StaffUnknown(Problem):
    code = "unknown_staff"
    status = 404
    title = _("This person does not work here.")
    advice = _("Choose a name from the list; reload the page if the list is old.")


class PinMissing(Problem):
    code = "pin_missing"
    status = 409
    title = _("No PIN has been set for {name}.")
    advice = _("Ask a manager to set one in the back office.")


class WrongPin(Problem):
    code = "wrong_pin"
    status = 403
    title = _("This PIN is not right.")
    advice = _("Tries left before a pause: {left}.")


class PinLocked(Problem):
    code = "pin_locked"
    status = 403
    title = _("Too many wrong PINs for this person on this station.")
    advice = _("Wait {minutes} minutes, or let somebody else sign on.")


class PinNotAcceptable(Problem):
    code = "pin_not_acceptable"
    status = 422
    title = _("This PIN is too easy to guess or not made of 4 to 8 digits.")
    advice = _("Choose 4 to 8 digits that are neither all the same nor a run such as 1234.")


class AccountTaken(Problem):
    code = "account_taken"
    status = 409
    title = _("{email} is the account of somebody else who works here.")
    advice = _("Use another address, or take it away from that person first.")


def make_enrolment_code(*, station: Station, at: datetime.datetime, minutes: int = 15) -> str:
    """A fresh ``XXXX-XXXX`` code that makes one browser this station, once, for ``minutes``.

    It replaces any unused one of the station: only the latest paper on the desk works.
    """
    code = new_code()
    with transaction.atomic():
        EnrolmentCode.objects.filter(station=station, used_at=None).delete()
        EnrolmentCode.objects.create(
            station=station,
            code_sha256=code_digest(code),
            created_at=at,
            expires_at=at + datetime.timedelta(minutes=minutes),
        )
    return code


@transaction.atomic
def enrol_station(
    *, code: str, at: datetime.datetime, by_agent: bool | None = None
) -> tuple[Station, str]:
    """Spend ``code``: the caller becomes its station and gets the token to prove it.

    A device enrolled before under the same station is shut out. Raises EnrolmentCodeUnknown,
    EnrolmentCodeSpent, EnrolmentCodeExpired; CodeForOtherDevice when ``by_agent`` says what the
    caller is and the code is not for its kind. A refused code is not spent.
    """
    codes = EnrolmentCode.objects.filter(code_sha256=code_digest(code))
    if codes.filter(used_at=None, expires_at__gt=at).update(used_at=at) != 1:
        known = codes.first()
        if known is None:
            raise EnrolmentCodeUnknown()
        raise EnrolmentCodeSpent() if known.used_at else EnrolmentCodeExpired()
    station = (
        Station.objects.select_for_update(of=("self",), no_key=True)
        .select_related("venue")
        .get(enrolment_codes__code_sha256=code_digest(code))
    )
    if by_agent is not None and by_agent != (station.kind == StationKind.AGENT):
        raise CodeForOtherDevice()
    token = new_token()
    _end_sign_on(station, at=at)
    station.token_sha256 = token_digest(token)
    station.enrolled_at, station.revoked_at = at, None
    station.save(update_fields=["token_sha256", "enrolled_at", "revoked_at"])
    _record(journal_codes.STATION_ENROLLED, station, at, values={"station": station.name})
    _tell_sockets(station, at=at)
    return station, token


@transaction.atomic
def enrol_agent(*, station: Station, at: datetime.datetime) -> str:
    """Give an agent its token directly: for the command that writes an agent's configuration."""
    _station, token = enrol_station(code=make_enrolment_code(station=station, at=at), at=at)
    return token


@transaction.atomic
def revoke_station(*, station: Station, at: datetime.datetime, by: str = "") -> None:
    """Shut a station out at once and end its sign-on. Raises AlreadyRevoked."""
    open_ones = Station.objects.filter(pk=station.pk, revoked_at=None)
    if open_ones.update(revoked_at=at) != 1:
        raise AlreadyRevoked()
    station.revoked_at = at
    _end_sign_on(station, at=at)
    EnrolmentCode.objects.filter(station=station, used_at=None).delete()
    _record(
        journal_codes.STATION_REVOKED, station, at, values={"station": station.name}, operator=by
    )
    _tell_sockets(station, at=at)


def sign_on(*, station: Station, staff_id: UUID, pin: str, at: datetime.datetime) -> str:
    """Check the PIN and sign this person on, in place of whoever was. Returns the shift's token.

    A try is taken before the PIN is looked at, in a transaction of its own: neither the error
    that follows nor a hundred tries at once can get round the count. Raises StaffUnknown,
    PinMissing, WrongPin, PinLocked.
    """
    staff = StaffMember.objects.filter(venue_id=station.venue_id, pk=staff_id, active=True).first()
    if staff is None:
        raise StaffUnknown()
    if not staff.pin_hash:
        raise PinMissing(name=staff.name)
    tries_left = _take_try(station, staff, at=at)
    if not check_password(pin, staff.pin_hash):
        if tries_left:
            raise WrongPin(left=tries_left)
        raise PinLocked(minutes=PIN_LOCK // datetime.timedelta(minutes=1))
    return _start_sign_on(station, staff, at=at)


# The count and the lock in one statement: it returns nothing while the pair is locked.
_TAKE_TRY = """
INSERT INTO venues_pin_lock AS pair (station_id, staff_id, failures, locked_until)
VALUES (%(station)s, %(staff)s, 1, NULL)
ON CONFLICT (station_id, staff_id) DO UPDATE SET
    failures = CASE WHEN pair.locked_until IS NULL THEN pair.failures + 1 ELSE 1 END,
    locked_until = CASE
        WHEN pair.locked_until IS NULL AND pair.failures + 1 >= %(tries)s THEN %(until)s
    END
WHERE pair.locked_until IS NULL OR pair.locked_until <= %(at)s
RETURNING failures
"""


def _take_try(station: Station, staff: StaffMember, *, at: datetime.datetime) -> int:
    """Count one try. Returns how many are left after it. Raises PinLocked."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute(
                _TAKE_TRY,
                {
                    "station": station.pk,
                    "staff": staff.pk,
                    "tries": PIN_TRIES,
                    "at": at,
                    "until": at + PIN_LOCK,
                },
            )
            taken = cursor.fetchone()
        if taken is None:
            lock = PinLock.objects.get(station=station, staff=staff)
            rest = (lock.locked_until or at) - at
            raise PinLocked(minutes=max(1, -(-rest // datetime.timedelta(minutes=1))))
        left = PIN_TRIES - int(taken[0])
        if left == 0:
            _record(journal_codes.PIN_LOCKED, station, at, values={"staff": staff.name})
    return left


@transaction.atomic
def _start_sign_on(station: Station, staff: StaffMember, *, at: datetime.datetime) -> str:
    # One at a time: two people signing on at once follow each other, and the later one stays.
    Station.objects.select_for_update(no_key=True).get(pk=station.pk)
    PinLock.objects.filter(station=station, staff=staff).delete()
    _end_sign_on(station, at=at)
    token = new_token()
    SignOn.objects.create(
        venue_id=station.venue_id,
        station=station,
        staff=staff,
        token_sha256=token_digest(token),
        started_at=at,
    )
    _record(
        journal_codes.LOG_IN,
        station,
        at,
        values={"staff": staff.name, "role": staff.role},
        operator=staff.name,
    )
    return token


@transaction.atomic
def sign_off(*, sign_on: SignOn, at: datetime.datetime) -> bool:
    """End a sign-on. Returns False when it had ended before (a repeated request)."""
    return _end_sign_on(sign_on.station, at=at, only=sign_on.pk)


def _end_sign_on(station: Station, *, at: datetime.datetime, only: UUID | None = None) -> bool:
    running = SignOn.objects.filter(station=station, ended_at=None).select_related("staff")
    if only is not None:
        running = running.filter(pk=only)
    ended = running.first()
    if ended is None or SignOn.objects.filter(pk=ended.pk, ended_at=None).update(ended_at=at) != 1:
        return False
    _record(
        journal_codes.LOG_OUT,
        station,
        at,
        values={"staff": ended.staff.name},
        operator=ended.staff.name,
    )
    return True


@transaction.atomic
def tell_silence(
    *, session: StationSession, key: UUID, seconds: int, at: datetime.datetime
) -> Silence:
    """A station that can be heard again says for how long it could not; event 953, once per ``key``.

    The length is by the station's own clock, its end is the server's ``at``. Raises Invalid.
    """
    if not is_uuid7(key) or not 0 < seconds <= LONGEST_SILENCE_S:
        raise Invalid(fields={"key": "UUIDv7", "seconds": f"1–{LONGEST_SILENCE_S}"})
    told = Silence(
        venue_id=session.venue.pk,
        station=session.station,
        key=key,
        since=at - datetime.timedelta(seconds=seconds),
        until=at,
    )
    if not insert_once(told):
        return Silence.objects.get(venue_id=session.venue.pk, key=key)
    _record(
        journal_codes.OFFLINE_ENDED,
        session.station,
        at,
        values={"since": iso_utc(told.since), "until": iso_utc(told.until)},
        operator=session.staff.name if session.staff else "",
    )
    return told


@transaction.atomic
def set_pin(*, staff: StaffMember, pin: str, at: datetime.datetime, by: str = "") -> None:
    """Give a person a PIN of 4 to 8 digits and forget earlier wrong tries.

    Raises PinNotAcceptable.
    """
    if not is_acceptable_pin(pin):
        raise PinNotAcceptable()
    staff.pin_hash = make_password(pin)
    staff.save(update_fields=["pin_hash"])
    PinLock.objects.filter(staff=staff).delete()
    journal.record_where_kept(
        code=journal_codes.PIN_SET,
        venue_id=staff.venue_id,
        at=at,
        values={"staff": staff.name},
        operator=by,
    )


def give_vat_table(*, venue: Venue) -> int:
    """Give a French venue the rates of mainland France, each with its article; how many were new.

    What the venue has decided for itself stays. Overseas and Corsica have other rates: change them.
    """
    if venue.country != "FR":
        return 0
    before = venue.vat_rates.count()
    VatRate.objects.bulk_create(
        (
            VatRate(
                venue=venue,
                vat_class=vat_class,
                serving=serving,
                rate_bp=rate_bp,
                valid_from=SINCE,
                legal_reference=legal_reference,
            )
            for (vat_class, serving), (rate_bp, legal_reference) in RATES.items()
        ),
        ignore_conflicts=True,
    )
    return venue.vat_rates.count() - before


@transaction.atomic
def set_office_account(*, staff: StaffMember, email: str, door: str) -> User | None:
    """Let this person into the back office under ``email``; an empty one takes it away.

    Somebody new gets a mail with the address ``door``. Raises AccountTaken when a colleague has
    that account at this venue.
    """
    if not email.strip():
        StaffMember.objects.filter(pk=staff.pk).update(user=None)
        staff.user = None
        return None
    user = office_user(email=email, name=staff.name)
    if StaffMember.objects.filter(venue=staff.venue_id, user=user).exclude(pk=staff.pk).exists():
        raise AccountTaken(email=user.email)
    if staff.user_id != user.pk:
        staff.user = user
        staff.save(update_fields=["user"])
        with override(user.language):
            words = {"name": staff.name, "venue": staff.venue.name, "door": door}
            send_mail(
                _("The back office of {venue}").format(**words),
                _(
                    "Hello {name},\n\nyou may now enter the back office of {venue}:\n{door}\n\n"
                    "Type this e-mail address there and a code will be sent to you.\n"
                ).format(**words),
                None,
                [user.email],
            )
    return user


def is_acceptable_pin(pin: str) -> bool:
    """4 to 8 digits, not all the same, not a run up or down (1234, 9876, 7890)."""
    if not (4 <= len(pin) <= 8 and pin.isascii() and pin.isdecimal()):
        return False
    steps = {(int(b) - int(a)) % 10 for a, b in itertools.pairwise(pin)}
    return steps not in ({0}, {1}, {9})


def _record(
    code: int,
    station: Station,
    at: datetime.datetime,
    *,
    values: dict[str, str],
    operator: str = "",
) -> None:
    journal.record_where_kept(
        code=code,
        venue_id=station.venue_id,
        at=at,
        values=values,
        station_id=station.pk,
        operator=operator,
    )


def _tell_sockets(station: Station, *, at: datetime.datetime) -> None:
    outbox.put(topic=f"station.{station.pk}", key=ACCESS_KEY, version=outbox.fresh_version(), at=at)
