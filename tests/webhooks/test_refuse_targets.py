"""What may be sent to: public hosts over TLS, by the very number that was looked at."""

from __future__ import annotations

import contextlib
import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teraa.common.targets import BadTarget, check_target, may_connect
from teraa.webhooks.courier import Courier, Parcel
from teraa.webhooks.lanes import Answer
from tests.webhooks.receiver import receiving

PRIVATE = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.10",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "2002:7f00:1::1",
    "2002:a00:1::",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
]
PUBLIC = ["8.8.8.8", "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::808:808"]


@pytest.mark.parametrize("number", PRIVATE)
def test_a_private_number_is_out_of_bounds(number):
    assert not may_connect(number, private=False)


@pytest.mark.parametrize("number", PUBLIC)
def test_a_public_number_is_not(number):
    assert may_connect(number, private=False)


def test_a_demonstration_may_reach_its_own_network_but_no_crowd():
    assert may_connect("127.0.0.1", private=True)
    assert may_connect("192.168.1.10", private=True)
    assert not may_connect("224.0.0.1", private=True)
    assert not may_connect("0.0.0.0", private=True)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org/hook",
        "http://example.org/hook",
        "ftp://example.org/",
        "file:///etc/passwd",
        "https://",
        "https:///hook",
        "https://ada:secret@example.org/",
        "https://example.org/#part",
        "https://example.org/a b",
        "https://example.org/\n",
        "https://example.org/\x00",
        "https://example.org:99999/",
        "https://exa mple.org/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://" + "a" * 600 + ".example/",
        "https://xn--\ud800/",
    ],
)
def test_it_refuses_an_address_it_would_never_send_to(url):
    with pytest.raises(BadTarget):
        check_target(url, private=False)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/hook?venue=1",
        "https://example.org:8443/",
        "https://théâtre.example/crochet",
        "https://8.8.8.8/",
        "https://[2606:2800:220:1:248:1893:25c8:1946]/",
    ],
)
def test_it_takes_a_public_address(url):
    assert check_target(url, private=False).scheme == "https"


@given(st.text(max_size=80))
def test_no_text_breaks_it(text):
    with contextlib.suppress(BadTarget):
        check_target(text, private=False)


def sent(url: str, **choices) -> Answer:
    courier = Courier(**{"private": False} | choices)
    try:
        return courier.send(Parcel(url, b"{}", {})).result(timeout=30)
    finally:
        courier.close()


@pytest.mark.parametrize("number", ["127.0.0.1", "10.0.0.7", "::1", "::ffff:127.0.0.1"])
def test_a_name_that_leads_inside_is_not_connected_to(number):
    with receiving() as receiver:
        answer = sent(
            f"https://rebound.example:{receiver.port}/", resolve=lambda host, port: [number]
        )

        assert (answer.error, receiver.requests) == ("refused_address", [])


def test_it_connects_to_the_number_it_looked_at_whatever_the_name_says_later():
    """The name would lead nowhere if anybody looked it up a second time."""
    asked = []

    def resolve(host, port):
        asked.append((host, port))
        return ["127.0.0.1"]

    with receiving() as receiver:
        url = f"http://once.invalid:{receiver.port}/hook?x=1"
        answer = sent(url, private=True, resolve=resolve)
        [request] = receiver.requests

    assert answer.status == 200
    assert asked == [("once.invalid", receiver.port)]
    assert request.headers["host"] == f"once.invalid:{receiver.port}"
    assert request.path == "/hook?x=1"


def test_the_next_number_is_tried_when_one_does_not_answer():
    with receiving() as receiver:
        answer = sent(
            f"http://two.invalid:{receiver.port}/",
            private=True,
            resolve=lambda host, port: ["127.0.0.2", "127.0.0.1"],
        )

    assert answer.status == 200


def test_plain_http_stored_before_is_not_sent_once_the_house_is_strict():
    with receiving() as receiver:
        assert sent(receiver.url).error == "refused_address"
        assert receiver.requests == []


def test_a_resolver_that_never_answers_costs_ten_seconds_at_most():
    never = threading.Event()

    def resolve(host, port):
        never.wait(30)
        return []

    answer = sent("https://slow.example/", resolve=resolve, patience_seconds=0.3)
    never.set()

    assert answer.error == "timeout"


def test_a_name_nobody_knows_is_said():
    def resolve(host, port):
        raise OSError("no such name")

    assert sent("https://nobody.invalid/", resolve=resolve).error == "unresolved"


def test_a_host_without_tls_is_said_so():
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def speak_plainly() -> None:
            connection, _address = listening.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=speak_plainly)
        thread.start()
        answer = sent(
            f"https://plain.invalid:{listening.getsockname()[1]}/",
            private=True,
            resolve=lambda host, port: ["127.0.0.1"],
        )
        thread.join()

    assert answer.error == "tls"
