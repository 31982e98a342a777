import sqlite3
import threading

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from suwen.hookspecs.payment import HttpAnswer, NotifyOutcome
from suwen.payments.models import PaymentEvent
from suwen.payments.notifying import MAX_BODY, worst
from suwen.payments.views.notify import REFUSED
from tests.unit.ledger import sites
from tests.unit.payments.fakes import FAKE, REGION

URL = f"/notify/{FAKE}/{REGION}"


@pytest.fixture
def site(house):
    return sites.browser(house)


@pytest.fixture
def told(run):
    """How many facts the inbox holds."""
    return lambda: run(lambda _s, db: db.scalar(select(func.count()).select_from(PaymentEvent)))


def body(attempt, amount=None, event_id="e1", key="k1"):
    return f"{key} {attempt.number} {amount or attempt.amount_fen} {event_id}"


def send(site, text, url=URL, **more):
    return site.post(url, text, content_type="text/plain", expect_errors=True, **more)


def test_a_notification_is_applied_and_answered_by_the_gateway(site, start, read, heard):
    attempt = start()

    answer = send(site, body(attempt))

    assert (answer.status_int, answer.text, answer.content_type) == (200, "accepted", "text/plain")
    assert read(attempt).state == "captured"
    assert len(heard) == 1


def test_the_retry_after_a_kill_is_a_duplicate(site, start, heard):
    """The answer is lost when the process dies after the commit; the provider sends again."""
    attempt = start()
    send(site, body(attempt))

    answer = send(site, body(attempt))

    assert (answer.status_int, answer.text) == (200, "duplicate")
    assert len(heard) == 1


def test_no_csrf_no_session_and_no_cookie_is_set(site, start):
    answer = send(site, body(start()))

    assert "Set-Cookie" not in answer.headers


def test_a_forged_notification_changes_nothing(site, start, read, told):
    attempt = start()

    answer = send(site, body(attempt, key="forged"))

    assert (answer.status_int, answer.text) == (401, "signature_invalid")
    assert (read(attempt).state, told()) == ("pending", 0)


@pytest.mark.parametrize("junk", ["", "x", "\x00\xff", "{" * 999, "a b c d e f"])
def test_junk_is_never_a_server_error_of_ours(site, gateway, junk):
    gateway.answer = lambda outcome: HttpAnswer(400, outcome.value.encode(), "text/plain")

    answer = send(site, junk.encode("latin-1"))

    assert (answer.status_int, answer.text) == (400, "malformed")


def test_a_huge_body_is_not_parsed(site, gateway, monkeypatch):
    monkeypatch.setattr("suwen.payments.notifying.MAX_BODY", 100)
    parsed = []
    gateway.parse_notification = lambda ctx, req: parsed.append(len(req.body)) or []

    assert send(site, "x" * 101).status_int == 413
    send(site, "x" * 100)
    assert (parsed, MAX_BODY) == ([100], 65_536)


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_other_methods(site, method):
    assert getattr(site, method)(URL, expect_errors=True).status_int in {404, 405}


def test_a_wrong_amount_is_kept_and_refused(site, start, read, told):
    attempt = start()

    answer = send(site, body(attempt, amount=1))

    assert (answer.status_int, answer.text) == (500, "amount_mismatch")
    assert (read(attempt).state, read(attempt).flags, told()) == (
        "pending",
        ["amount_mismatch", "needs_review"],
        1,
    )


def test_an_unknown_order_is_kept_and_refused(site, house, told):
    answer = send(site, "k1 SWP0000000000 100 e1")

    assert (answer.status_int, answer.text, told()) == (500, "unknown_order", 1)


def test_a_provider_that_reads_failure_from_a_200_commits_nothing(
    site, house, start, gateway, read, told
):
    attempt = start()
    gateway.answer = lambda outcome: HttpAnswer(200, b"fail", "text/plain")

    def receiver(_db, _event):
        raise ZeroDivisionError

    house.events.subscribe("payment_captured", receiver)
    answer = send(site, body(attempt))

    assert (answer.status_int, answer.text) == (200, "fail")
    assert (read(attempt).state, told()) == ("pending", 0)


def test_a_receiver_that_raises_makes_the_provider_try_again(site, house, start, read, heard):
    attempt, broken = start(), [True]

    def receiver(_db, _event):
        if broken:
            raise ZeroDivisionError

    house.events.subscribe("payment_captured", receiver)
    assert (send(site, body(attempt)).status_int, read(attempt).state) == (500, "pending")

    broken.clear()
    assert (send(site, body(attempt)).status_int, read(attempt).state) == (200, "captured")


def locked(*_args):
    raise OperationalError("insert", {}, sqlite3.OperationalError("database is locked"))


def test_a_lock_error_is_tried_again_at_once(site, house, start, read):
    attempt, left = start(), [2]

    def receiver(*_args):
        if left[0]:
            left[0] -= 1
            locked()

    house.events.subscribe("payment_captured", receiver)

    assert send(site, body(attempt)).status_int == 200
    assert (left, read(attempt).state) == ([0], "captured")


def test_a_lasting_lock_error_is_a_failure(site, house, start, read):
    attempt = start()
    house.events.subscribe("payment_captured", locked)

    answer = send(site, body(attempt))

    assert (answer.status_int, answer.text) == (500, "failed")
    assert read(attempt).state == "pending"


def test_settling_asks_no_switch(site, house, start, read):
    attempt = start()
    with house.database.transaction() as db:
        house.switch.set_state(db, REGION, FAKE, "disabled")

    assert send(site, body(attempt)).status_int == 200
    assert read(attempt).state == "captured"


def test_the_merchant_before_is_still_believed(site, house, start, read):
    attempt = start()
    with house.database.transaction() as db:
        item = house.host.gateways.get(FAKE)
        house.switch.store_settings(db, REGION, item, {"mchid": "2000", "key": "k2"})

    assert send(site, body(attempt, key="k1")).status_int == 200
    assert read(attempt).state == "captured"


@pytest.mark.parametrize("region", ["100000", "9999", "x"])
def test_a_region_without_the_gateway_verifies_nothing(site, start, read, region):
    attempt = start()

    answer = send(site, body(attempt), url=f"/notify/{FAKE}/{region}")

    assert answer.status_int == 500
    assert read(attempt).state == "pending"


def test_an_account_of_another_region_does_not_settle_this_one(site, house, start, read):
    attempt = start()
    with house.database.transaction() as db:
        item = house.host.gateways.get(FAKE)
        house.switch.store_settings(db, "100000", item, {"mchid": "1", "key": "other"})

    answer = send(site, body(attempt, key="other"), url=f"/notify/{FAKE}/100000")

    assert answer.text == "unknown_order"
    assert read(attempt).state == "pending"


def test_an_unknown_gateway_is_not_there(site):
    assert send(site, "x", url="/notify/payment_nobody/4306").status_int == 404


def test_a_removed_plugin_with_payments_asks_for_patience(site, house, start):
    attempt = start()
    house.host.gateways.discard(FAKE)

    assert send(site, body(attempt)).status_int == 503


@pytest.mark.parametrize("answer", [None, "x", HttpAnswer("x")], ids=str)
def test_a_gateway_that_cannot_answer(site, start, gateway, read, answer):
    attempt = start()
    gateway.answer = lambda outcome: answer

    assert send(site, body(attempt)).status_int == 503


def test_facts_of_another_gateway_are_refused(site, start, gateway, read):
    attempt = start()
    gateway.parse_notification = lambda ctx, req: [object()]

    assert send(site, body(attempt)).text == "malformed"


def test_strangers_are_slowed_down(site, house, start, monkeypatch):
    monkeypatch.setattr("suwen.payments.views.notify.REFUSED", type(REFUSED)("t", 3, 60))
    attempt = start()
    codes = [send(site, body(attempt, key="x")).status_int for _ in range(5)]

    assert codes == [401, 401, 401, 429, 429]
    elsewhere = {"REMOTE_ADDR": "203.0.113.5"}
    assert send(site, body(attempt), extra_environ=elsewhere).status_int == 200


def test_what_the_gateway_is_given(site, gateway):
    seen = []
    gateway.parse_notification = lambda ctx, req: seen.append((ctx, req)) or []

    send(site, "raw body", headers={"Wechatpay-Serial": "A1"}, url=f"{URL}?q=1")

    ((context, request),) = seen
    assert (request.body, request.query, request.remote_addr) == (
        b"raw body",
        "q=1",
        "198.51.100.9",
    )
    assert request.headers["wechatpay-serial"] == "A1"
    assert context.settings["mchid"] == "1900"


def test_sixteen_deliveries_at_once(site, start, heard, read):
    attempt, barrier, answers = start(), threading.Barrier(16), []

    def deliver():
        barrier.wait()
        answers.append(send(site, body(attempt)).status_int)

    threads = [threading.Thread(target=deliver) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # A provider that is told 5xx tries again: what counts is one effect and no false success.
    assert 200 in answers
    assert set(answers) <= {200, 500, 503}
    assert len(heard) == 1
    assert read(attempt).state == "captured"


def test_one_answer_for_several_facts():
    good, again, bad = (
        NotifyOutcome.ACCEPTED,
        NotifyOutcome.DUPLICATE,
        NotifyOutcome.UNKNOWN_ORDER,
    )

    assert worst([good, again]) is good
    assert worst([again, again]) is again
    assert worst([good, bad]) is bad
    assert worst([]) is again
