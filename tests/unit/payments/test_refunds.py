import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from suwen.hookspecs.payment import GatewayInfo, NotifyOutcome, PaymentFact
from suwen.kernel import clock
from suwen.kernel.audit import SYSTEM, Actor, AuditEvent
from suwen.kernel.errors import Conflict, IllegalTransition, NotFound
from suwen.kernel.outbox import OutboxItem
from suwen.payments.errors import (
    GatewayNotInstalled,
    NotRefundable,
    ReasonMissing,
    RefundTooLarge,
    RefundWindowOver,
    SamePerson,
    TooManyRefunds,
)
from suwen.payments.models import PaymentAttempt, Refund, RefundTransition
from suwen.payments.services import payments
from tests.unit.payments.fakes import COUNTER, FAKE, event, payable, refund_event

MEMBER, CLERK, BOSS = Actor("member", 7), Actor("staff", 41), Actor("staff", 42)


@pytest.fixture
def paid(start, run):
    """A captured attempt of 1,000 fen."""
    attempt = start(payable(amount=1000))
    run(lambda service, _db: service.apply_event(event(attempt.number, 1000)))
    return attempt


@pytest.fixture
def ask(run, paid):
    def act(amount=1000, actor=MEMBER, attempt=None, **more):
        return run(
            lambda service, _db: service.request_refund(
                attempt or paid, amount, "不想要了", actor, **more
            )
        )

    return act


def test_a_request_waits_for_staff(ask, run, paid):
    refund = ask(400)

    assert (refund.state, refund.amount_fen, refund.requested_by) == ("requested", 400, 7)
    assert run(lambda service, _db: service.open_refunds([refund.number, "x"])) == {refund.number}
    assert (
        run(
            lambda _s, db: db.scalar(
                select(OutboxItem.id).where(OutboxItem.kind == "payments.refund")
            )
        )
        is None
    )


@pytest.mark.parametrize("amount", [0, -1, 1001])
def test_not_more_than_was_captured(ask, amount):
    with pytest.raises(RefundTooLarge):
        ask(amount)


def test_what_is_asked_for_is_held(ask):
    ask(600)
    with pytest.raises(RefundTooLarge):
        ask(401)
    ask(400)


def test_a_rejected_refund_holds_nothing(ask, run):
    first = ask(1000)
    run(lambda service, _db: service.reject_refund(first.number, BOSS, "已使用"))

    assert ask(1000).id != first.id
    assert run(lambda service, _db: service.open_refunds([first.number])) == set()


def test_the_same_ref_is_the_same_refund(ask):
    assert ask(400, ref="line:1").id == ask(400, ref="line:1").id
    assert ask(400, ref="line:2").state == "requested"


def test_nothing_was_captured(start, ask):
    with pytest.raises(NotRefundable):
        ask(1, attempt=start(payable(2)))


def test_an_attempt_by_its_id(ask, paid):
    assert ask(1, attempt=paid.id).attempt_id == paid.id
    with pytest.raises(NotFound):
        ask(1, attempt=123)


def test_two_requests_at_once_never_exceed_what_was_captured(house, paid):
    barrier, made, failures = threading.Barrier(8), [], []

    def act():
        barrier.wait()
        try:
            with house.database.transaction() as db:
                made.append(payments(house, db).request_refund(paid.id, 400, "", MEMBER))
        except RefundTooLarge as error:
            failures.append(error)

    threads = [threading.Thread(target=act) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(made), len(failures)) == (2, 6)


def test_approving_needs_another_person(ask, run):
    refund = ask(actor=CLERK)

    with pytest.raises(SamePerson):
        run(lambda service, _db: service.approve_refund(refund.number, CLERK))
    assert run(lambda service, _db: service.approve_refund(refund.number, BOSS)).state == "approved"


def test_a_decision_is_made_once(ask, run):
    refund = ask()
    run(lambda service, _db: service.approve_refund(refund.number, BOSS))

    with pytest.raises(IllegalTransition):
        run(lambda service, _db: service.approve_refund(refund.number, BOSS))
    with pytest.raises(IllegalTransition):
        run(lambda service, _db: service.reject_refund(refund.number, BOSS, "x"))


def test_rejecting_needs_a_reason(ask, run):
    refund = ask()

    with pytest.raises(ReasonMissing):
        run(lambda service, _db: service.reject_refund(refund.number, BOSS, "  "))


def test_decisions_are_recorded_and_audited(ask, run):
    refund = ask()
    run(lambda service, _db: service.reject_refund(refund.number, BOSS, "已使用"))

    def seen(_service, db):
        steps = db.execute(
            select(
                RefundTransition.target, RefundTransition.actor_id, RefundTransition.reason
            ).order_by(RefundTransition.id)
        ).all()
        return [tuple(step) for step in steps], db.scalars(select(AuditEvent.action)).all()

    assert run(seen) == (
        [("requested", 7, "不想要了"), ("rejected", 42, "已使用")],
        ["refund.rejected"],
    )


def test_a_missing_refund(run):
    with pytest.raises(NotFound):
        run(lambda service, _db: service.approve_refund("SWR1", BOSS))


def test_too_late_for_the_provider(ask, run, paid):
    def age(_service, db):
        row = db.get_one(PaymentAttempt, paid.id)
        row.captured_at = clock.now() - timedelta(days=366)

    run(age)
    with pytest.raises(RefundWindowOver):
        ask()


def test_too_many_for_the_provider(ask, gateway):
    gateway.info = GatewayInfo(FAKE, "测试支付", max_refunds=2)
    ask(1)
    ask(1)
    with pytest.raises(TooManyRefunds):
        ask(1)


def test_unclaimed_money_goes_back_once(run, paid, ask):
    ask(300)

    def unclaimed(service, _db):
        return service.refund_unclaimed(paid.id, "订单已取消")

    first, again = run(unclaimed), run(unclaimed)

    assert first.id == again.id
    assert (again.state, again.amount_fen, again.requested_by) == ("approved", 700, None)


def test_no_unclaimed_money_is_left(run, paid, ask):
    ask(1000)

    assert run(lambda service, _db: service.refund_unclaimed(paid.id, "x")) is None


def test_the_plugin_must_be_installed_to_refund(ask, run, house, read):
    refund = ask()
    house.host.gateways.discard(FAKE)

    with pytest.raises(GatewayNotInstalled, match="重新安装"):
        run(lambda service, _db: service.approve_refund(refund.number, BOSS))
    assert read(refund).state == "requested"


def test_success_posts_and_tells(ask, run, outside, heard, balance, read, paid):
    refund = ask(400, ref="line:1")
    run(lambda service, _db: service.approve_refund(refund.number, BOSS))

    assert outside.process_refund(refund.number) is None

    assert read(refund).state == "succeeded"
    assert (balance(f"clearing.{FAKE}"), balance("receipts")) == (600, -600)
    assert heard[-1] == (
        "payment_refunded",
        {
            "refund_id": refund.id,
            "number": refund.number,
            "attempt_id": paid.id,
            "gateway": FAKE,
            "payable_kind": "order",
            "payable_id": 1,
            "amount_fen": 400,
            "ref": "line:1",
        },
    )


def test_success_told_twice_counts_once(ask, run, outside, heard, paid, balance):
    refund = ask(400)
    run(lambda service, _db: service.approve_refund(refund.number, BOSS))
    outside.process_refund(refund.number)
    told = refund_event(paid.number, refund.number, 400, event_id="another")

    assert run(lambda service, _db: service.apply_event(told)) is NotifyOutcome.DUPLICATE
    assert [name for name, _data in heard].count("payment_refunded") == 1
    assert balance("receipts") == -600


def test_a_wrong_refunded_amount_is_for_staff(ask, run, read, paid, balance):
    refund = ask(400)
    run(lambda service, _db: service.approve_refund(refund.number, BOSS))
    told = refund_event(paid.number, refund.number, 399)

    assert run(lambda service, _db: service.apply_event(told)) is NotifyOutcome.AMOUNT_MISMATCH
    assert read(refund).flags == ["needs_review", "refund_mismatch"]
    assert "refund_mismatch" in read(paid).flags
    assert balance("receipts") == -1000


def test_a_refund_of_another_payment_is_refused(ask, run, start, paid):
    other = start(payable(2, 1000))
    run(lambda service, _db: service.apply_event(event(other.number, 1000, event_id="2")))
    refund = ask(400)
    told = refund_event(other.number, refund.number, 400)

    assert run(lambda service, _db: service.apply_event(told)) is NotifyOutcome.AMOUNT_MISMATCH


def test_success_of_a_refund_that_nobody_approved(ask, run, paid, read, balance):
    refund = ask(400)
    told = refund_event(paid.number, refund.number, 400)

    assert run(lambda service, _db: service.apply_event(told)) is NotifyOutcome.AMOUNT_MISMATCH
    assert read(refund).state == "requested"
    assert balance("receipts") == -1000


def test_a_refund_made_in_the_providers_console(run, paid, read, heard, balance):
    told = refund_event(paid.number, "CONSOLE1", 250)

    assert run(lambda service, _db: service.apply_event(told)) is NotifyOutcome.ACCEPTED

    refund = run(lambda _s, db: db.scalars(select(Refund)).one())
    assert (refund.state, refund.amount_fen, refund.ref) == ("succeeded", 250, "external:CONSOLE1")
    assert read(paid).flags == ["external_refund", "needs_review"]
    assert heard[-1][1]["ref"] == "external:CONSOLE1"
    assert balance("receipts") == -750


def test_a_console_refund_waits_while_our_own_hold_the_money(run, paid, ask, balance):
    own = ask(900)
    told = refund_event(paid.number, "CONSOLE1", 250)
    assert run(lambda service, _db: service.apply_event(told)) is NotifyOutcome.AMOUNT_MISMATCH
    assert balance("receipts") == -1000

    run(lambda service, _db: service.reject_refund(own.number, BOSS, "渠道已退"))

    assert run(lambda service, _db: service.apply_event(told)) is NotifyOutcome.ACCEPTED
    assert balance("receipts") == -750


def test_a_console_refund_before_the_capture_is_known(run, start, balance):
    attempt = start()
    told = refund_event(attempt.number, "CONSOLE1", attempt.amount_fen)

    assert run(lambda service, _db: service.apply_event(told)) is NotifyOutcome.UNKNOWN_ORDER
    run(lambda service, _db: service.apply_event(event(attempt.number, attempt.amount_fen)))
    assert run(lambda service, _db: service.apply_event(told)) is NotifyOutcome.ACCEPTED
    assert balance("receipts") == 0


def test_cash_goes_back_when_another_person_approves(run, read, heard, balance, outside):
    attempt = run(
        lambda service, _db: service.confirm_by_cashier(
            payable(amount=500), COUNTER, 500, CLERK, "R1"
        )
    )
    refund = run(lambda service, _db: service.request_refund(attempt, 500, "退款", CLERK))
    with pytest.raises(SamePerson):
        run(lambda service, _db: service.approve_refund(refund.number, CLERK))

    run(lambda service, _db: service.approve_refund(refund.number, BOSS))
    outside.process_refund(refund.number)

    assert read(refund).state == "succeeded"
    assert balance(f"clearing.{COUNTER}") == 0
    assert heard[-1][0] == "payment_refunded"


def test_only_what_the_provider_cannot_pay_is_confirmed_by_hand(ask, run):
    refund = ask()
    run(lambda service, _db: service.approve_refund(refund.number, BOSS))

    with pytest.raises(Conflict):
        run(lambda service, _db: service.refunds.confirm_by_hand(refund.number, BOSS, "B1"))


def test_a_failed_refund_frees_its_money_and_may_be_tried_again(ask, run, read, paid):
    refund = ask(1000)
    run(lambda service, _db: service.approve_refund(refund.number, BOSS))
    run(lambda _s, db: setattr(db.get_one(Refund, refund.id), "state", "processing"))
    failed = refund_event(paid.number, refund.number, 1000, PaymentFact.REFUND_FAILED)
    run(lambda service, _db: service.apply_event(failed))
    assert (read(refund).state, read(refund).flags) == ("failed", ["needs_review"])

    second = ask(600)
    with pytest.raises(RefundTooLarge):
        run(lambda service, _db: service.refunds.retry(refund.number, BOSS))
    run(lambda service, _db: service.reject_refund(second.number, BOSS, "x"))
    assert run(lambda service, _db: service.refunds.retry(refund.number, BOSS)).state == "approved"


def test_an_old_failure_told_again_does_not_fail_the_new_try(ask, run, read, paid):
    refund = ask(1000)

    def processing(service, db):
        row = db.get_one(Refund, refund.id)
        if row.state == "failed":
            service.refunds.retry(refund.number, BOSS)
        else:
            service.approve_refund(refund.number, BOSS)
        row.state = "processing"

    failed = refund_event(paid.number, refund.number, 1000, PaymentFact.REFUND_FAILED)
    run(processing)
    assert run(lambda service, _db: service.apply_event(failed)) is NotifyOutcome.ACCEPTED
    run(processing)

    assert run(lambda service, _db: service.apply_event(failed)) is NotifyOutcome.DUPLICATE
    assert read(refund).state == "processing"


def test_a_failed_refund_that_succeeded_after_all(ask, run, read, paid, balance):
    refund = ask(1000)
    run(lambda service, _db: service.approve_refund(refund.number, BOSS))
    run(lambda _s, db: setattr(db.get_one(Refund, refund.id), "state", "failed"))
    told = refund_event(paid.number, refund.number, 1000)

    assert run(lambda service, _db: service.apply_event(told)) is NotifyOutcome.ACCEPTED
    assert balance("receipts") == 0


def test_a_failed_refund_cannot_succeed_when_its_money_is_promised(ask, run, read, paid, balance):
    refund = ask(1000)
    run(lambda service, _db: service.approve_refund(refund.number, BOSS))
    run(lambda _s, db: setattr(db.get_one(Refund, refund.id), "state", "failed"))
    ask(600)
    told = refund_event(paid.number, refund.number, 1000)

    assert run(lambda service, _db: service.apply_event(told)) is NotifyOutcome.AMOUNT_MISMATCH
    assert "refund_mismatch" in read(refund).flags
    assert balance("receipts") == -1000


def test_system_may_approve_what_it_asked_for(ask, run):
    refund = ask(actor=SYSTEM)

    assert (
        run(lambda service, _db: service.approve_refund(refund.number, SYSTEM)).state == "approved"
    )
