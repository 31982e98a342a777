"""The transport for tests keeps the contract of the real one."""

import pytest

from suwen.hookspecs.common import HttpResponse, NoAnswer, NotSent
from suwen.testing.http import WsgiTransport

BASE = "https://api.example"


class App:
    """Remembers its calls and answers what it was sent."""

    def __init__(self):
        self.calls = []

    def __call__(self, environ, start_response):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        self.calls.append((environ["REQUEST_METHOD"], environ["REQUEST_URI"], body))
        start_response("201 Created", [("X-Own", environ.get("HTTP_X_OWN", ""))])
        return [body]


@pytest.fixture
def app():
    return App()


@pytest.fixture
def transport(app):
    return WsgiTransport({BASE + "/": app})


def test_a_call_reaches_the_application_as_bytes(transport, app):
    answer = transport.request(
        "POST", BASE + "/a%2Fb?c=%31", headers={"X-Own": "1"}, content=b"\x00body"
    )

    assert answer == HttpResponse(201, {**answer.headers, "x-own": "1"}, b"\x00body")
    assert app.calls == [("POST", "/a%2Fb?c=%31", b"\x00body")]
    assert [(sent.method, sent.url, sent.headers, sent.content) for sent in transport.sent] == [
        ("POST", BASE + "/a%2Fb?c=%31", {"x-own": "1"}, b"\x00body")
    ]


def test_an_unknown_origin_is_not_sent(transport, app):
    for url in ("https://other.example/", "http://api.example/", "https://api.example:8443/"):
        with pytest.raises(NotSent):
            transport.request("GET", url)

    assert (app.calls, transport.sent) == ([], [])


def test_each_plan_concerns_one_call_in_the_order_of_asking(transport, app):
    transport.refuse()
    transport.lose_answer()
    transport.answer(503, b"busy", {"Retry-After": "1"})
    transport.alter_answer(lambda answer: HttpResponse(answer.status, {}, b"altered"))

    with pytest.raises(NotSent):
        transport.request("GET", BASE + "/1")
    with pytest.raises(NoAnswer):
        transport.request("GET", BASE + "/2")
    third = transport.request("GET", BASE + "/3")
    fourth = transport.request("GET", BASE + "/4")
    fifth = transport.request("GET", BASE + "/5")

    assert (third.status, third.content, third.headers) == (503, b"busy", {"retry-after": "1"})
    assert (fourth.status, fourth.content) == (201, b"altered")
    assert fifth.content == b""
    assert [target for _method, target, _body in app.calls] == ["/2", "/4", "/5"]
    assert len(transport.sent) == 4
