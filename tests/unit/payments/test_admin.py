import pytest
from sqlalchemy import select

from suwen.hookspecs.payment import PaymentFact
from suwen.kernel.audit import Actor, AuditEvent
from suwen.payments import tasks
from suwen.payments.models import PaymentAttempt, Refund
from tests.unit.ledger import sites
from tests.unit.payments.fakes import FAKE, event, payable, refund_event

CLERK, BOSS = 41, 42


@pytest.fixture
def site(house):
    return sites.browser(house)


@pytest.fixture
def finance(site):
    return site.as_(BOSS, ("finance", "*"))


@pytest.fixture
def paid(start, run):
    attempt = start(payable(amount=1000))
    run(lambda service, _db: service.apply_event(event(attempt.number, 1000)))
    return attempt


@pytest.fixture
def asked(run, paid):
    return run(
        lambda service, _db: service.request_refund(paid, 400, "不想要了", Actor("staff", CLERK))
    )


def form(page, decision):
    return next(f for f in page.forms.values() if f.action.endswith(f"/{decision}"))


def test_payments_are_listed_and_found(finance, paid, start):
    other = start(payable(2))
    page = finance.get("/admin/payments")
    assert paid.number in page.text
    assert other.number in page.text
    assert "测试支付" in page.text
    assert "岳阳市" in page.text

    captured = finance.get("/admin/payments?state=captured")
    assert paid.number in captured.text
    assert other.number not in captured.text
    for number in (paid.number, f"T{paid.number}", "SW1"):
        found = finance.get("/admin/payments", {"number": number})
        assert paid.number in found.html.main.text
        assert other.number not in found.html.main.text
    assert "没有符合条件的支付" in finance.get("/admin/payments?number=x").text


def test_those_that_need_a_person(finance, paid, start, run):
    other = start(payable(2))
    run(lambda service, _db: service.apply_event(event(other.number, 1, event_id="2")))

    page = finance.get("/admin/payments?review=1")

    assert other.number in page.text
    assert paid.number not in page.text
    assert "金额不符" in page.text


def test_pages_follow_one_another(finance, run):
    def many(service, _db):
        return [service.start(payable(n), FAKE, "").number for n in range(1, 24)]

    numbers = run(many)
    first = finance.get("/admin/payments")
    second = first.click("下一页")

    assert [n for n in numbers if n in first.text] == numbers[3:]
    assert [n for n in numbers if n in second.text] == numbers[:3]
    assert "下一页" not in second.text


def test_everything_about_a_payment(finance, paid, asked, run):
    run(lambda service, _db: service.apply_event(event(paid.number, 999, event_id="wrong")))

    page = finance.get(f"/admin/payments/{paid.number}")

    for text in ("¥10.00", "不想要了", "渠道通知", "支付成功", "金额不符", "已生效", asked.number):
        assert text in page.text
    assert "style=" not in str(page.html.main)


def test_approving(finance, asked, run, read):
    page = finance.get("/admin/refunds?state=requested").click(asked.number)
    done = form(page, "approve").submit().follow()

    assert "已同意退款" in done.text
    assert read(asked).state == "approved"
    action = run(lambda _s, db: db.scalar(select(AuditEvent.action)))
    assert action == "refund.approved"


def test_the_one_who_asked_cannot_approve(site, asked, paid, read):
    clerk = site.as_(CLERK, ("finance", "*"))
    page = form(clerk.get(f"/admin/payments/{paid.number}"), "approve").submit(status=422)

    assert "申请人不能审核自己的退款" in page.text
    assert read(asked).state == "requested"


def test_rejecting_needs_a_reason_and_keeps_what_was_typed(finance, asked, paid, read):
    rejecting = form(finance.get(f"/admin/payments/{paid.number}"), "reject")
    page = rejecting.submit(status=422)
    assert page.html.select_one("[aria-invalid=true]")

    again = form(page, "reject")
    again["text"] = "已使用"
    assert "已驳回" in again.submit().follow().text
    assert read(asked).state == "rejected"


def test_a_decision_that_is_late_changes_nothing(finance, asked, paid, read):
    page = finance.get(f"/admin/payments/{paid.number}")
    form(page, "approve").submit()

    form(page, "approve").submit(status=422)

    assert read(asked).state == "approved"


def test_retrying_and_confirming_by_hand(finance, asked, paid, read, run, balance):
    form(finance.get(f"/admin/payments/{paid.number}"), "approve").submit()
    run(lambda _s, db: setattr(db.get_one(Refund, asked.id), "state", "processing"))
    failed = refund_event(paid.number, asked.number, 400, PaymentFact.REFUND_FAILED)
    run(lambda service, _db: service.apply_event(failed))
    form(finance.get(f"/admin/payments/{paid.number}"), "retry").submit()
    assert read(asked).state == "approved"

    run(lambda _s, db: setattr(db.get_one(Refund, asked.id), "state", "processing"))
    abnormal = refund_event(paid.number, asked.number, 400, PaymentFact.REFUND_ABNORMAL)
    run(lambda service, _db: service.apply_event(abnormal))
    confirming = form(finance.get(f"/admin/payments/{paid.number}"), "confirm")
    confirming["text"] = "银行转账 88"
    confirming.submit()

    assert read(asked).state == "succeeded"
    assert balance("receipts") == -600


def test_asking_the_provider(finance, start, gateway, house):
    attempt = start()
    gateway.pay(attempt.number)
    form(finance.get(f"/admin/payments/{attempt.number}"), "query").submit()
    house.outbox.drain()

    assert tasks.QUERY == "payments.query"
    assert "已支付" in finance.get(f"/admin/payments/{attempt.number}").text


def test_a_region_s_finance_sees_that_region(site, asked, paid, run, read):
    elsewhere = site.as_(BOSS, ("finance", "100000"))
    assert paid.number not in elsewhere.get("/admin/payments").text
    assert asked.number not in elsewhere.get("/admin/refunds").text
    elsewhere.get(f"/admin/payments/{paid.number}", status=404)

    here = site.as_(BOSS, ("finance", "4306"))
    page = here.get(f"/admin/payments/{paid.number}")
    foreign = form(page, "approve")
    run(lambda _s, db: setattr(db.get_one(PaymentAttempt, paid.id), "region", "100000"))
    run(lambda _s, db: setattr(db.get_one(Refund, asked.id), "region", "100000"))
    foreign.submit(status=404)
    assert read(asked).state == "requested"


@pytest.mark.parametrize("role", ["cashier", "customer_service", "catalog", None])
def test_others_see_nothing(site, paid, role):
    person = site.as_(9, (role, "*")) if role else site.as_(9)

    for path in ("/admin/payments", f"/admin/payments/{paid.number}", "/admin/refunds"):
        assert person.get(path, expect_errors=True).status_int in {403, 404}


def test_decisions_need_a_token(finance, asked, read):
    finance.post(f"/admin/refunds/{asked.number}/approve", status=400)
    assert read(asked).state == "requested"


def test_odd_addresses(finance, asked):
    finance.get("/admin/payments/NOTHING", status=404)
    finance.get("/admin/payments?state=odd&cursor=x")
    finance.get("/admin/refunds?state=odd&cursor=x")
    assert (
        finance.post(f"/admin/refunds/{asked.number}/steal", expect_errors=True).status_int == 404
    )


def test_the_dashboard_counts_what_waits(finance, asked):
    assert "待审核退款" in finance.get("/admin").text
