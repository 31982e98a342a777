import pytest

from suwen.hookspecs.payment import (
    CreateResult,
    GatewayUnavailable,
    Instructions,
    JsApi,
    PostForm,
    Redirect,
)
from suwen.kernel.audit import Actor
from suwen.kernel.outbox import OutboxItem
from suwen.payments import tasks
from tests.unit.ledger import sites
from tests.unit.payments.fakes import FAKE, event

OWNER, OTHER, BOSS = 7, 8, 42


@pytest.fixture
def site(house):
    return sites.browser(house)


@pytest.fixture
def owner(site):
    return site.as_(OWNER)


@pytest.fixture
def finance(site):
    return site.as_(BOSS, ("finance", "*"))


@pytest.fixture
def capture(run):
    return lambda attempt: run(
        lambda service, _db: service.apply_event(event(attempt.number, attempt.amount_fen))
    )


def shows(start, gateway, action):
    gateway.create = lambda ctx, req: CreateResult(action)
    return start()


def test_a_code_to_scan(owner, start):
    page = owner.get(f"/payments/{start().number}")

    image = page.html.select_one("img.pay-qr")
    assert image["src"].startswith("data:image/svg+xml")
    assert "测试支付" in image["alt"]
    assert "¥1,299.00" in page.text
    assert page.html.select_one("[data-countdown]")
    assert page.html.select_one("[data-poll-url]")["data-poll-url"].endswith("/status")
    assert "style=" not in str(page.html.main)


def test_a_link_to_the_provider(owner, start, gateway):
    attempt = shows(start, gateway, Redirect("https://cashier.example/pay?x=1"))
    page = owner.get(f"/payments/{attempt.number}")

    assert page.html.select_one("a[href='https://cashier.example/pay?x=1']")


def test_a_form_for_the_provider_and_for_nobody_else(owner, start, gateway):
    action = PostForm("https://cashier.example/pay", {"txnAmt": "1", "q": '"><b>'})
    attempt = shows(start, gateway, action)
    page = owner.get(f"/payments/{attempt.number}")

    form = page.html.select_one("form[action='https://cashier.example/pay']")
    fields = {field["name"]: field["value"] for field in form.select("input")}
    assert fields == {"txnAmt": "1", "q": '"><b>'}
    policy = page.headers["Content-Security-Policy"]
    assert "form-action 'self' https://cashier.example;" in f"{policy};"
    other = owner.get(f"/payments/{attempt.number}/result")
    assert "cashier.example" not in other.headers["Content-Security-Policy"]


def test_instructions(owner, start, gateway):
    attempt = shows(start, gateway, Instructions("请到柜台\n出示本页"))

    assert "请到柜台" in owner.get(f"/payments/{attempt.number}").text


def test_a_provider_s_own_browser(owner, start, gateway):
    attempt = shows(start, gateway, JsApi({"paySign": "x"}))

    assert "paySign" not in owner.get(f"/payments/{attempt.number}").text


def test_what_the_provider_did_not_answer_can_be_tried_again(owner, start, gateway, read):
    attempt = start(announce=False)
    page = owner.get(f"/payments/{attempt.number}")
    gateway.raises["create"] = [GatewayUnavailable()]

    failed = page.forms[_retry(page)].submit().follow()
    assert "不会重复扣款" in failed.text
    shown = failed.forms[_retry(failed)].submit().follow()

    assert shown.html.select_one("img.pay-qr")
    assert read(attempt).state == "pending"


def _retry(page):
    return next(name for name, form in page.forms.items() if form.action.endswith("/retry"))


@pytest.mark.parametrize("path", ["", "/status", "/result"])
def test_another_member_s_payment_does_not_exist(site, start, path):
    attempt = start()

    assert site.as_(OTHER).get(f"/payments/{attempt.number}{path}", status=404)
    assert site.as_(OWNER).get(f"/payments/NOTHING{path}", status=404)
    visitor = site.get(f"/payments/{attempt.number}{path}", expect_errors=True)
    assert visitor.status_int in {302, 303, 401, 403}


def test_a_retry_is_the_owner_s(site, start):
    attempt = start(announce=False)
    page = site.as_(OTHER).get("/account/balance")

    token = page.html.select_one("[name=csrf_token], body")
    assert token is not None
    answer = site.as_(OTHER).post(f"/payments/{attempt.number}/retry", expect_errors=True)
    assert answer.status_int in {400, 404}


def test_the_page_asks_our_own_records_only(owner, start, gateway, capture):
    attempt = start()
    gateway.calls.clear()

    waiting = owner.get(f"/payments/{attempt.number}/status").json
    capture(attempt)
    paid = owner.get(f"/payments/{attempt.number}/status").json

    assert (waiting["done"], waiting["text"]) == (False, "待支付")
    assert (paid["done"], paid["state"]) == (True, "captured")
    assert paid["url"] == f"/payments/{attempt.number}/result"
    assert gateway.calls == []


def test_a_paid_attempt_leads_to_its_result(owner, start, capture):
    attempt = start()
    capture(attempt)

    page = owner.get(f"/payments/{attempt.number}", status=303).follow()

    assert "付款成功" in page.text
    assert page.html.select_one("a[href='/orders/SW1']")


def test_results(owner, start, run, capture):
    attempt = start()
    assert "正在确认付款结果" in owner.get(f"/payments/{attempt.number}/result").text
    run(lambda service, _db: service.poll_soon(attempt.id))
    capture(attempt)

    def back(service, _db):
        refund = service.request_refund(attempt.id, 900, "", Actor("member", OWNER))
        service.approve_refund(refund.number, Actor("staff", BOSS))
        return refund.number

    number = run(back)
    tasks.refund(run(lambda service, _db: service._caller.house), {"number": number})
    assert "已退款 ¥9.00" in owner.get(f"/payments/{attempt.number}/result").text


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_return_page_believes_nothing_and_asks(site, start, read, run, method):
    attempt = start()
    url = f"/payments/{attempt.number}/return?trade_status=TRADE_SUCCESS"

    answer = getattr(site, method)(url, status=303)

    assert answer.location.endswith(f"/payments/{attempt.number}/result")
    assert read(attempt).state == "pending"
    asked = run(lambda _s, db: db.query(OutboxItem).filter_by(kind="payments.query").one().payload)
    assert asked == {"attempt_id": attempt.id}
    assert site.get("/payments/NOTHING/return", status=404)


def test_the_api_shows_a_payment(owner, site, start, capture):
    attempt = start()

    answer = owner.get(f"/api/v1/payments/{attempt.number}").json

    assert answer["action"] == {"kind": "qr", "text": f"https://pay.example/{attempt.number}"}
    assert (answer["state"], answer["amount_fen"], answer["gateway"]) == ("pending", 129_900, FAKE)
    capture(attempt)
    paid = owner.get(f"/api/v1/payments/{attempt.number}").json
    assert (paid["state"], paid["action"], paid["refunded_fen"]) == ("captured", None, 0)
    assert site.as_(OTHER).get(f"/api/v1/payments/{attempt.number}", status=404)


def test_a_removed_plugin_s_payment_is_shown(owner, finance, house, start, capture):
    attempt = start()
    capture(attempt)
    house.host.gateways.discard(FAKE)

    assert "插件已卸载" in owner.get(f"/payments/{attempt.number}/result").text
    assert "已卸载" in finance.get(f"/admin/payments/{attempt.number}").text
