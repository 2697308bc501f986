"""Members: matched by either address, never overwritten."""

from __future__ import annotations

from pos.amap.cagette.members import FIELDS as MEMBER_FIELDS
from pos.amap.cagette.members import Member, MemberFile
from pos.amap.models import AmapGroup, Household
from pos.amap.plans import CHANGED, KNOWN, NEW, WRONG, Numbers, Plan, PlannedRow, fault, note
from pos.amap.sentences import FIELDS, SHAPES


def plan_members(group: AmapGroup, file: MemberFile) -> Plan:
    """What ``file`` would do to the households of ``group`` (one query)."""
    known = list(Household.objects.filter(group=group))
    by_email = {email: one for one in known for email in (one.email, one.email2) if email}
    numbers = Numbers({one.number for one in known})
    rows = [_row(group, member, by_email, numbers) for member in file.members]
    return Plan([SHAPES[file.shape]], rows)


def _row(
    group: AmapGroup, member: Member, by_email: dict[str, Household], numbers: Numbers
) -> PlannedRow:
    values = member.values
    name = f"{values['last_name']} {values['first_name']}".strip()
    if member.faults:
        return PlannedRow(
            member.line, WRONG, name, [_said(one.code, one.what) for one in member.faults]
        )
    found = {by_email[email].pk: by_email[email] for email in member.emails if email in by_email}
    if len(found) > 1:
        names = ", ".join(sorted(one.name for one in found.values()))
        return PlannedRow(member.line, WRONG, name, [fault("two_households", names)])
    if found:
        (household,) = found.values()
        return _known(member, household, numbers)
    made = Household(
        venue_id=group.venue_id, group=group, number=numbers.take(member.number), **values
    )
    by_email.update(dict.fromkeys(member.emails, made))
    return PlannedRow(member.line, NEW, made.name, deed=lambda: made.save(force_insert=True))


def _known(member: Member, household: Household, numbers: Numbers) -> PlannedRow:
    differing = [
        str(FIELDS[name])
        for name in MEMBER_FIELDS
        if member.values[name] and member.values[name] != getattr(household, name)
    ]
    remarks = [note("kept", ", ".join(differing))] if differing else []
    number = member.number
    if number and number != household.number and numbers.free(number):
        numbers.take(number, instead_of=household.number)
        return PlannedRow(
            member.line,
            CHANGED,
            household.name,
            [note("takes_number", number), *remarks],
            deed=lambda: _renumber(household, number),
        )
    return PlannedRow(member.line, KNOWN, household.name, remarks)


def _renumber(household: Household, number: int) -> None:
    Household.objects.filter(pk=household.pk).update(number=number)


def _said(code: str, what: str) -> str:
    named = str(FIELDS[what]) if code in ("missing", "too_long") else what
    return fault(code, named)
