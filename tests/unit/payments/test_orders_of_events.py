"""Whatever happens in whatever order: money counts once, and no more goes back than came."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from suwen.hookspecs.payment import PaymentFact
from suwen.kernel import ids
from suwen.kernel.audit import Actor
from suwen.kernel.errors import SuwenError
from suwen.ledger.services import ledger
from suwen.payments.calls import Caller
from suwen.payments.models import PaymentAttempt, Refund
from suwen.payments.refunding import Refunder
from suwen.payments.services import payments
from suwen.payments.states import RESERVING
from tests.unit.payments.fakes import FAKE, event, fake, payable, refund_event

MEMBER, BOSS = Actor("member", 7), Actor("staff", 42)
AMOUNT = 1000


class Money(RuleBasedStateMachine):
    """Attempts of this run; ``house`` and ``told`` are set by the test."""

    house = None
    told = None

    attempts = Bundle("attempts")
    refunds = Bundle("refunds")

    def __init__(self):
        super().__init__()
        self.mine, self.allowed = [], {}
        self.before = self._clearing()
        self.told.clear()

    def _clearing(self):
        with self.house.database.snapshot() as db:
            return ledger(self.house, db).balance(f"clearing.{FAKE}")

    def _run(self, act):
        with self.house.database.transaction() as db:
            return act(payments(self.house, db), db)

    def _apply(self, fact):
        return self._run(lambda service, _db: service.apply_event(fact))

    @rule(target=attempts, order=st.integers(1, 3))
    def start(self, order):
        number = ids.new_id() if order == 1 else order
        attempt = self._run(
            lambda service, _db: service.start(payable(number, AMOUNT), FAKE, "10.0.0.1")
        )
        if attempt.id not in self.mine:
            self.mine.append(attempt.id)
        return attempt

    @rule(
        attempt=attempts,
        fact=st.sampled_from([PaymentFact.CAPTURED, PaymentFact.FAILED, PaymentFact.CLOSED]),
        amount=st.sampled_from([AMOUNT, AMOUNT, AMOUNT, AMOUNT - 1, AMOUNT + 1]),
        event_id=st.sampled_from("abc"),
    )
    def notify(self, attempt, fact, amount, event_id):
        self._apply(event(attempt.number, amount, fact, f"{attempt.number}{fact.value}{event_id}"))

    @rule(target=refunds, attempt=attempts, amount=st.integers(1, AMOUNT))
    def ask(self, attempt, amount):
        try:
            refund = self._run(
                lambda service, _db: service.request_refund(attempt.id, amount, "", MEMBER)
            )
        except SuwenError:
            return multiple()
        return refund

    @rule(refund=refunds, yes=st.booleans())
    def decide(self, refund, yes):
        def act(service, _db):
            if yes:
                return service.approve_refund(refund.number, BOSS)
            return service.reject_refund(refund.number, BOSS, "x")

        self._tolerate(act)

    @rule(refund=refunds)
    def retry(self, refund):
        self._tolerate(lambda service, _db: service.refunds.retry(refund.number, BOSS))

    def _tolerate(self, act):
        try:
            self._run(act)
        except SuwenError:
            return

    @rule(
        refund=refunds,
        fact=st.sampled_from(
            [
                PaymentFact.REFUND_SUCCEEDED,
                PaymentFact.REFUND_PROCESSING,
                PaymentFact.REFUND_FAILED,
            ]
        ),
    )
    def process(self, refund, fact):
        gateway = fake(self.house)
        gateway.refund_fact = fact
        Refunder(Caller(self.house)).process(refund.number)

    @rule(
        refund=refunds,
        fact=st.sampled_from([PaymentFact.REFUND_SUCCEEDED, PaymentFact.REFUND_FAILED]),
        delta=st.sampled_from([0, 0, 0, 1]),
    )
    def notify_refund(self, refund, fact, delta):
        number = self._run(lambda _s, db: db.get_one(PaymentAttempt, refund.attempt_id).number)
        self._apply(refund_event(number, refund.number, refund.amount_fen + delta, fact))

    @rule(attempt=attempts, amount=st.integers(1, AMOUNT), which=st.sampled_from("xy"))
    def console(self, attempt, amount, which):
        self._apply(refund_event(attempt.number, f"C{attempt.number}{which}", amount))

    @rule(attempt=attempts)
    def unclaimed(self, attempt):
        self._tolerate(lambda service, _db: service.refund_unclaimed(attempt.id, "x"))

    @precondition(lambda self: self.mine)
    @invariant()
    def books_agree(self):
        with self.house.database.snapshot() as db:
            rows = db.scalars(select(PaymentAttempt).where(PaymentAttempt.id.in_(self.mine))).all()
            refunds = db.scalars(select(Refund).where(Refund.attempt_id.in_(self.mine))).all()
        captured = [row for row in rows if row.state == "captured"]
        succeeded = [row for row in refunds if row.state == "succeeded"]
        for row in rows:
            mine = [refund for refund in refunds if refund.attempt_id == row.id]
            held = sum(refund.amount_fen for refund in mine if refund.state in RESERVING)
            assert held <= (AMOUNT if row.state == "captured" else 0)
        out = sum(row.amount_fen for row in succeeded)
        assert self._clearing() - self.before == len(captured) * AMOUNT - out
        names = [name for name, _key in self.told]
        assert len(set(self.told)) == len(self.told)
        assert names.count("payment_captured") == len(captured)
        assert names.count("payment_refunded") == len(succeeded)


def test_all_orders_of_events(house):
    told = []
    house.events.subscribe("*", lambda _db, happened: told.append((happened.name, happened.key)))

    class Bound(Money):
        pass

    Bound.house, Bound.told = house, told
    run_state_machine_as_test(
        Bound, settings=settings(max_examples=25, stateful_step_count=25, deadline=None)
    )
