"""``script/manage``: a management command of Django's, with the settings of the house in TERAA_DATA."""

from __future__ import annotations

import json
import os
import sys

from teraa.supervisor.addresses import reach
from teraa.supervisor.choices import read_choices
from teraa.supervisor.cluster import APP_ROLE, url
from teraa.supervisor.house import surroundings_of
from teraa.supervisor.parts import manage
from teraa.supervisor.places import Places
from teraa.supervisor.refusals import Refusal
from teraa.supervisor.texts import _


def environment() -> dict[str, str]:
    """What the parts of the house run with, keys included.

    Raises:
        Refusal: there is no house, or its files are not ours to read.
    """
    choices = read_choices([], os.environ)
    places = Places(choices.data)
    try:
        places.secret.read_bytes()  # a house has one; asking must not make it
        app_url = choices.database_url or _embedded(places)
    except OSError as error:
        raise Refusal(
            _("{path} cannot be read ({error}): no house was opened here, or not by you.").format(
                path=error.filename, error=error.strerror
            )
        ) from error
    around = surroundings_of(choices, places, reach(), app_url=app_url, owner_url="")
    return {**around.common, **around.keys}


def _embedded(places: Places) -> str:
    record = json.loads(places.database.read_text(encoding="utf-8"))
    return url(role=APP_ROLE, password=record["passwords"][APP_ROLE], port=record["port"])


def main() -> int:
    """Become ``manage.py`` with the arguments given; 1 with a sentence when there is no house."""
    try:
        found = environment()
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 1
    command = manage(*sys.argv[1:])
    os.execve(command[0], command, found)  # noqa: S606  our own program, our own arguments


if __name__ == "__main__":
    sys.exit(main())
