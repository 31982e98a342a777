"""Two people, or two tabs, at the same moment: PostgreSQL lets them really run side by side."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from suwen.distribution.binding import Bindings
from suwen.distribution.models import Binding
from suwen.kernel.audit import Actor
from suwen.kernel.errors import SuwenError
from suwen.orders.services import orders
from suwen.payments.models import PaymentAttempt
from suwen.payments.services import payments
from tests.unit.payments import fakes

if TYPE_CHECKING:
    from tests.fixtures_shop import Shop

BUYER = "13900000001"
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
