"""Two people, or two tabs, at the same moment: PostgreSQL lets them really run side by side."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from suwen.accounts.services import accounts
from suwen.distribution.binding import Bindings
from suwen.distribution.models import Binding
from suwen.kernel.audit import Actor
from suwen.kernel.errors import SuwenError
from suwen.orders.intents import Takings
from suwen.orders.refunds import LineWish
from suwen.orders.services import orders
from suwen.payments.models import PaymentAttempt
from suwen.payments.services import payments
from tests.fixtures_shop import OFFLINE, PRICE
from tests.unit.payments import fakes

if TYPE_CHECKING:
    from tests.fixtures_shop import Shop

BUYER = "13900000001"
CASHIER = Actor("staff", 900)
ROUNDS = 8


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Results of all acts, begun at one moment; a refusal counts as a result."""
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        gate.wait()
        try:
            return act()
        except SuwenError as error:
            return error

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_two_who_recommend_each_other_make_no_circle(shop: Shop) -> None:
    """Each would be the other's sponsor, and everybody the second sponsor of himself."""
    for number in range(ROUNDS):
        one, two = (shop.member(f"139{number:04d}{tail:04d}") for tail in (1, 2))
        for member in (one, two):
            shop.join(member)
        codes = {member: shop.share(member) for member in (one, two)}

        def bind(member: int, code: str) -> bool:
            return bool(shop.run(lambda db: Bindings(db).bind(member, code)))

        done = at_once(
            lambda one=one, code=codes[two]: bind(one, code),
            lambda two=two, code=codes[one]: bind(two, code),
        )
        assert sorted(done) == [False, True]
        rows = shop.run(
            lambda db, pair=(one, two): db.scalars(
                select(Binding.member_id).where(Binding.member_id.in_(pair))
            ).all()
        )
        assert len(rows) == 1


def test_two_tabs_that_pay_one_order_make_one_attempt(shop: Shop) -> None:
    """Two codes to scan for one order would take the money twice."""
    member = shop.member(BUYER)
    for _ in range(ROUNDS):
        order = shop.place(member)

        def pay(number: str = order.number) -> str:
            def act(db: Any) -> str:
                service = orders(shop.house, db)
                payable = service.payable(service.of_member(member, number))
                return str(payments(shop.house, db).start(payable, fakes.FAKE, "10.0.0.1").number)

            return str(shop.run(act))

        assert len(set(at_once(pay, pay, pay))) == 1


def test_no_payment_is_started_for_an_order_that_is_being_cancelled(shop: Shop) -> None:
    """Whatever comes first: a cancelled order has no attempt that nobody closes."""
    member = shop.member(BUYER)
    for _ in range(ROUNDS):
        order = shop.place(member)

        def pay(number: str = order.number) -> Any:
            def act(db: Any) -> Any:
                service = orders(shop.house, db)
                payable = service.payable(service.of_member(member, number))
                return payments(shop.house, db).start(payable, fakes.FAKE, "10.0.0.1").id

            return shop.run(act)

        def cancel(number: str = order.number) -> Any:
            def act(db: Any) -> str:
                service = orders(shop.house, db)
                service.cancel(service.of_member(member, number), Actor("member", member))
                return "cancelled"

            return shop.run(act)

        at_once(pay, cancel)
        shop.house.outbox.drain()
        open_ones = shop.run(
            lambda db, key=order.id: db.scalars(
                select(PaymentAttempt.state).where(
                    PaymentAttempt.payable_id == key,
                    PaymentAttempt.state.in_(("created", "pending")),
                )
            ).all()
        )
        assert shop.order(order.number).state == "cancelled"
        assert open_ones == []


def test_two_clicks_on_one_form_make_one_order(shop: Shop) -> None:
    """The browser shows the answer to the second click: it must not be an error."""
    member = shop.member(BUYER)
    for number in range(ROUNDS):

        def click(submission: str = f"form-{number}") -> str:
            placed: Any = shop.place(member, submission=submission)
            return str(placed.number)

        assert len(set(at_once(click, click, click))) == 1


def test_two_clicks_on_one_form_make_one_intent(shop: Shop) -> None:
    """As for orders."""
    member = shop.member(BUYER)
    for number in range(ROUNDS):

        def click(submission: str = f"form-{number}") -> str:
            placed: Any = shop.place(member, OFFLINE, submission=submission)
            return str(placed.code)

        assert len(set(at_once(click, click, click))) == 1


def test_one_receipt_confirms_one_intent(shop: Shop) -> None:
    """Two cashiers type the same number: one of them is told that it is taken."""
    member = shop.member(BUYER)
    for number in range(ROUNDS):
        codes = [str(getattr(shop.place(member, OFFLINE), "code", "")) for _ in range(2)]

        def confirm(code: str, receipt: str = f"R-{number}") -> Any:
            takings = Takings(PRICE, receipt)
            return shop.run(
                lambda db: orders(shop.house, db).intents.confirm(code, takings, CASHIER)
            )

        done = at_once(*(lambda code=code: confirm(code) for code in codes))
        assert sorted(type(one).__name__ for one in done) == ["Order", "ReceiptTaken"]


def test_a_request_and_the_end_of_another_refund_do_not_block_each_other(shop: Shop) -> None:
    """One holds the order and wants the attempt, the other the reverse: a deadlock costs a second."""
    member = shop.member(BUYER)
    for _ in range(ROUNDS):
        order = shop.buy(member, quantity=2)
        line = shop.run(lambda db, key=order.id: orders(shop.house, db).lines(key)[0].id)
        first = shop.refund(order, LineWish(line, quantity=1))
        shop.run(
            lambda db, number=first.number: payments(shop.house, db).approve_refund(
                number, Actor("staff", 900)
            )
        )
        at_once(
            shop.house.outbox.drain,
            lambda order=order, line=line: shop.refund(order, LineWish(line, quantity=1)),
        )


def test_two_clicks_on_joining_make_one_distributor(shop: Shop) -> None:
    """The second click is answered as the first."""
    for number in range(ROUNDS):
        member = shop.member(f"1390001{number:04d}")
        done = at_once(*(lambda member=member: shop.join(member) for _ in range(3)))
        assert done == [None, None, None]


def test_two_clicks_on_a_consent_give_it_once(shop: Shop) -> None:
    """Withdrawing ends all there are, and the log holds one gift."""
    for number in range(ROUNDS):
        member = shop.member(f"1390002{number:04d}")

        def agree(member: int = member) -> int:
            def act(db: Any) -> int:
                people = accounts(shop.house, db)
                who = Actor("member", member)
                return people.consents.give(people.subject_of(member), "testing", who).id

            return int(shop.run(act))

        assert len(set(at_once(agree, agree, agree))) == 1
