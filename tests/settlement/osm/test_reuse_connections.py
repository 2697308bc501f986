"""A node may close a kept connection just as we ask again: who only asks, asks once more."""

import socket
import threading
from contextlib import contextmanager

import pytest

from teraa.settlement.osm.dialects.http import HttpNode
from teraa.settlement.osm.node import NodeSilent

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\nConnection: keep-alive\r\n\r\n{"data": {}}'


def heard(connection):
    """One whole question, or nothing when the other side is gone."""
    asked = b""
    while b"\r\n\r\n" not in asked:
        piece = connection.recv(4096)
        if not piece:
            return b""
        asked += piece
    return asked


@contextmanager
def a_node_that_cuts(times):
    """Answer a connection's first question; at its second say nothing and close, so many times.

    Yields its address and the list of what it was asked.
    """
    questions: list[bytes] = []
    left = times
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            nonlocal left
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    answered = False
                    while question := heard(connection):
                        questions.append(question.split(b"\r\n")[0])
                        if left and (answered or times > 1):
                            left -= 1
                            break
                        connection.sendall(ANSWER)
                        answered = True

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", questions
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def test_it_asks_again_when_a_kept_connection_is_closed_under_its_question():
    with a_node_that_cuts(1) as (url, questions):
        node = HttpNode(url)
        assert node._json("GET", "one") == {"data": {}}
        assert node._json("GET", "two") == {"data": {}}
        node.close()
    assert questions == [
        b"GET /api/one HTTP/1.1",
        b"GET /api/two HTTP/1.1",
        b"GET /api/two HTTP/1.1",
    ]


def test_it_asks_only_once_more():
    with a_node_that_cuts(2) as (url, questions):
        node = HttpNode(url)
        with pytest.raises(NodeSilent):
            node._json("GET", "one")
        node.close()
    assert len(questions) == 2


def test_what_changes_something_is_never_sent_again():
    with a_node_that_cuts(1) as (url, questions):
        node = HttpNode(url)
        node._json("GET", "one")
        with pytest.raises(NodeSilent):
            node._json("POST", "webhooks", body={"target": "x"})
        node.close()
    assert [one.split()[0] for one in questions] == [b"GET", b"POST"]
