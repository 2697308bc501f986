"""Whether a connection may be used again."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

ASKED = b"GET /api/blockchain HTTP/1.1\r\nHost: node\r\n\r\n"


def test_it_keeps_a_connection_in_2_5_and_cuts_it_in_3(subject):
    """3.9.1 announces keep-alive and cuts all the same: whoever reuses one loses requests."""
    place = urlsplit(subject.url)
    with socket.create_connection((place.hostname, place.port), timeout=10) as connection:
        connection.sendall(ASKED)
        first = b""
        while b'"supply"' not in first:
            first += connection.recv(65536)
        assert b"200 OK" in first
        assert b"connection: close" not in first.lower()
        connection.settimeout(1.5)
        try:
            rest = connection.recv(65536)
        except TimeoutError:
            rest = None
        except ConnectionResetError:
            rest = b""
        assert rest == (None if subject.dialect == "2.5" else b"")
