"""The shapes of this room's API, for checking what comes in and describing what goes out."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from teraa.common.fields import WholeNumber
from teraa.venues.models import LONGEST_SILENCE_S


class EnrolmentSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=20, help_text="As typed; case and dashes are ignored.")
    agent = serializers.BooleanField(
        default=False, help_text="True when a device agent asks, which is no browser."
    )


class StationSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    kind = serializers.CharField()


class EnrolledSerializer(serializers.Serializer[Any]):
    station = StationSerializer()
    token = serializers.CharField(
        allow_null=True,
        help_text="For an agent only: a browser gets a cookie it cannot read.",
    )


class VenueSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    zone = serializers.CharField()
    language = serializers.CharField()
    accent = serializers.CharField()
    currency = serializers.CharField()


class PersonSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    role = serializers.CharField()


class SignedOnSerializer(PersonSerializer):
    permissions = serializers.ListField(child=serializers.CharField())


class TillSerializer(serializers.Serializer[Any]):
    """What every till learns; rooms above add keys of their own (osm, printer, words…)."""

    venue = VenueSerializer()
    station = StationSerializer()
    staff = PersonSerializer(many=True)
    signed_on = SignedOnSerializer(allow_null=True)
    live_url = serializers.CharField()
    csrf = serializers.CharField(help_text="To be sent back as X-CSRFToken.")


class SignOnSerializer(serializers.Serializer[Any]):
    staff = serializers.UUIDField()
    pin = serializers.CharField(max_length=16, trim_whitespace=True)


class ShiftSerializer(serializers.Serializer[Any]):
    signed_on = SignedOnSerializer(allow_null=True)


class ProblemSerializer(serializers.Serializer[Any]):
    """Every refusal has this shape."""

    code = serializers.CharField(help_text="Stable; programs decide by it.")
    title = serializers.CharField(help_text="What happened, in the reader's language.")
    advice = serializers.CharField(help_text="What to do now.")
    context = serializers.DictField()  # type: ignore[assignment]


class SilenceSerializer(serializers.Serializer[Any]):
    key = serializers.UUIDField(help_text="UUIDv7 made by the station: sent twice, kept once")
    seconds = WholeNumber(
        min_value=1, max_value=LONGEST_SILENCE_S, help_text="for how long nobody answered"
    )


class SilenceToldSerializer(serializers.Serializer[Any]):
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
