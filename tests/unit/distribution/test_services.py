import threading
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from suwen.catalog.models import Product
from suwen.distribution.errors import OldTerms, RewardRefused
from suwen.distribution.models import Binding, CommissionLine, Distributor
from suwen.distribution.rewards import HELD_DAYS, BadScheme, check_lines
from suwen.distribution.services import TERMS_VERSION, distribution
from suwen.distribution.steps import step
from suwen.hookspecs.reward import LineFact, RewardFacts, RewardLine, UplineFact
from suwen.kernel import clock
from suwen.kernel.errors import IllegalTransition
from suwen.kernel.regions import Region
from suwen.ledger.services import ledger
from suwen.orders.refunds import LineWish
from suwen.orders.services import orders
from tests.fixtures_shop import PRICE


@pytest.fixture
def chain(shop):
    """A brought B, B brought C; A and B have joined."""
    a = shop.member("13800008001")
    b = shop.member("13800008002", shop.share(a))
    c = shop.member("13800008003", shop.share(b))
    for member in (a, b):
        shop.join(member)
    return a, b, c


def sponsor(shop, member):
    row = shop.run(lambda db: db.get(Binding, member))
    return row.sponsor_id if row else None


def balance(shop, member):
    return shop.run(lambda db: ledger(shop.house, db).member(member))


def house_account(shop, code):
    return shop.run(lambda db: ledger(shop.house, db).balance(code))


def lines(shop):
    query = select(CommissionLine).order_by(CommissionLine.level, CommissionLine.id)
    return shop.run(lambda db: db.scalars(query).all())


def test_a_paid_order_gives_eight_and_four_percent_frozen(shop, chain):
    a, b, c = chain
    shop.buy(c)
    assert balance(shop, b).frozen_fen == PRICE * 8 // 100
    assert balance(shop, a).frozen_fen == PRICE * 4 // 100
    assert balance(shop, b).available_fen == 0
    assert house_account(shop, "commission_expense") == PRICE * 12 // 100


def test_a_products_own_rate_wins(shop, chain):
    def override(db):
        product = db.get(Product, shop.product)
        product.reward_overrides = {"reward_tiered": {"level1_bp": 0, "level2_bp": 500}}

    shop.run(override)
    shop.buy(chain[2])
    assert balance(shop, chain[1]).frozen_fen == 0
    assert balance(shop, chain[0]).frozen_fen == PRICE * 5 // 100


def test_an_unpaid_order_earns_nothing(shop, chain):
    shop.place(chain[2])
    assert lines(shop) == []


def test_the_snapshot_decides_not_the_present(shop, chain):
    _a, b, c = chain
    order = shop.place(c)
    shop.run(lambda db: shop.house.switch.set_state(db, "4306", "reward_tiered", "disabled"))
    shop.pay(order)
    assert balance(shop, b).frozen_fen == PRICE * 8 // 100


def test_paying_twice_earns_once(shop, chain):
    order = shop.place(chain[2])
    shop.pay(order, "a")
    shop.run(lambda db: None)
    assert len(lines(shop)) == 2


def test_a_sharer_who_has_not_joined_is_held_for_and_may_join(shop):
    a = shop.member("13800008001")
    b = shop.member("13800008002", shop.share(a))
    shop.buy(b)
    assert [line.state for line in lines(shop)] == ["held"]
    assert balance(shop, a).frozen_fen == 0
    assert house_account(shop, "commission_held") == -(PRICE * 8 // 100)
    shop.join(a)
    assert [line.state for line in lines(shop)] == ["frozen"]
    assert balance(shop, a).frozen_fen == PRICE * 8 // 100
    assert house_account(shop, "commission_held") == 0


def test_what_is_held_too_long_goes_back_to_the_house(shop):
    a = shop.member("13800008001")
    shop.buy(shop.member("13800008002", shop.share(a)))
    with time_machine.travel(clock.now() + timedelta(days=HELD_DAYS, seconds=1), tick=False):
        assert shop.run(lambda db: distribution(shop.house, db).expire_held()) == 1
        assert shop.run(lambda db: distribution(shop.house, db).expire_held()) == 0
    assert [line.state for line in lines(shop)] == ["reversed"]
    assert house_account(shop, "commission_expense") == 0


def test_who_joins_between_order_and_payment_need_not_join_again(shop):
    a = shop.member("13800008001")
    order = shop.place(shop.member("13800008002", shop.share(a)))
    shop.join(a)
    shop.pay(order)
    assert balance(shop, a).frozen_fen == PRICE * 8 // 100
    assert house_account(shop, "commission_held") == 0
    assert [line.state for line in lines(shop)] == ["frozen"]


def test_what_is_held_for_one_who_has_joined_never_lapses(shop):
    """Joining and paying at the very same moment may miss each other."""
    a = shop.member("13800008001")
    shop.buy(shop.member("13800008002", shop.share(a)))
    values = {"member_id": a, "state": "active", "terms_version": TERMS_VERSION}
    shop.run(lambda db: db.add(Distributor(**values)))
    with time_machine.travel(clock.now() + timedelta(days=HELD_DAYS, hours=1), tick=False):
        shop.run(lambda db: distribution(shop.house, db).expire_held())
    assert balance(shop, a).frozen_fen == PRICE * 8 // 100
    assert house_account(shop, "commission_held") == 0


def test_a_commission_takes_no_step_that_the_table_lacks(shop, chain):
    shop.buy(chain[2])
    line = lines(shop)[0]
    with pytest.raises(IllegalTransition):
        shop.run(lambda db: step(db, line, "available", 1, "too early"))
    assert lines(shop)[0].state == "frozen"


def test_a_suspended_sponsors_level_stays_with_the_house(shop, chain):
    a, b, c = chain

    def suspend(db):
        db.get(Distributor, b).state = "suspended"

    shop.run(suspend)
    shop.buy(c)
    assert balance(shop, b).frozen_fen == 0
    assert balance(shop, a).frozen_fen == PRICE * 4 // 100


def test_refunds_take_back_their_part_and_end_at_zero(shop, chain):
    a, b, c = chain
    order = shop.buy(c, quantity=3)
    line = shop.run(lambda db: orders(shop.house, db).lines(order.id))[0]
    for left in (2, 1):
        shop.give_back(order, LineWish(line.id, quantity=1))
        assert balance(shop, b).frozen_fen == PRICE * left * 8 // 100
        assert balance(shop, a).frozen_fen == PRICE * left * 4 // 100
    shop.give_back(order)
    assert balance(shop, b).frozen_fen == balance(shop, a).frozen_fen == 0
    assert {line.state for line in lines(shop)} == {"reversed"}
    assert house_account(shop, "commission_expense") == 0


@pytest.mark.parametrize("code", [None, "", "nonsense", "x" * 40])
def test_unknown_codes_bind_nobody(shop, code):
    assert sponsor(shop, shop.member("13800008002", code)) is None


def bind(shop, member, code):
    return shop.run(lambda db: distribution(shop.house, db).bindings.bind(member, code))


def test_self_and_cycles_are_refused(shop, chain):
    a, b, c = chain
    for lower in (a, b, c):
        assert not bind(shop, a, shop.share(lower))
    assert sponsor(shop, a) is None


def test_one_sponsor_for_ever_after_the_first_paid_order(shop, chain):
    _a, b, c = chain
    other = shop.share(shop.member("13800008009"))
    assert not bind(shop, c, other)
    shop.buy(c, referral_code=other)
    assert sponsor(shop, c) == b
    assert shop.run(lambda db: db.get(Binding, c)).permanent_at is not None


def test_an_unbound_member_may_be_bound_by_an_order(shop):
    a, b = shop.member("13800008001"), shop.member("13800008002")
    shop.join(a)
    shop.buy(b, referral_code=shop.share(a))
    assert sponsor(shop, b) == a
    assert balance(shop, a).frozen_fen == PRICE * 8 // 100


def test_two_sponsors_at_once_one_wins(shop):
    member = shop.member("13800008005")
    codes = [shop.share(shop.member(f"1380000810{n}")) for n in range(4)]
    barrier, won = threading.Barrier(4), []

    def work(code):
        barrier.wait()
        won.append(bind(shop, member, code))

    threads = [threading.Thread(target=work, args=(code,)) for code in codes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False, False, False, True]


def test_a_closed_sponsor_binds_nobody_new(shop):
    a = shop.member("13800008001")
    shop.join(a)
    code = shop.share(a)
    shop.run(lambda db: distribution(shop.house, db).leave(a))
    assert sponsor(shop, shop.member("13800008002", code)) is None


def test_joining_needs_the_present_terms(shop):
    a = shop.member("13800008001")
    with pytest.raises(OldTerms):
        shop.run(lambda db: distribution(shop.house, db).join(a, "2001-01"))


def test_what_a_sponsor_sees_names_no_order_buyer_or_product(shop, chain):
    _a, b, c = chain
    order = shop.buy(c)
    shown, _cursor = shop.run(lambda db: distribution(shop.house, db).commissions(b, "zh_CN"))
    text = repr(shown)
    for secret in (order.number, str(order.id), str(c), "营养", "nutrition", str(PRICE)):
        assert secret not in text
    assert shown[0].amount_fen == PRICE * 8 // 100
    assert shown[0].explanation


def broken(shop, result):
    scheme = shop.house.host.schemes.get("reward_tiered").obj

    def compute(facts, settings):
        if isinstance(result, Exception):
            raise result
        return result(facts)

    return scheme, compute


def greedy(facts):
    line = facts.lines[0]
    return [
        RewardLine(
            line.line_id, 1, facts.uplines[0].member_id, line.base_fen, 10_000, line.base_fen * 2
        )
    ]


@pytest.mark.parametrize("result", [ValueError("boom"), greedy, lambda _facts: None])
def test_a_broken_scheme_fails_closed(shop, chain, monkeypatch, result):
    scheme, compute = broken(shop, result)
    monkeypatch.setattr(scheme, "compute", compute, raising=False)
    assert shop.buy(chain[2]).state == "paid"
    assert lines(shop) == []


def test_a_region_may_refuse_to_sell_without_its_scheme(shop, chain, monkeypatch):
    scheme, compute = broken(shop, ValueError("boom"))
    monkeypatch.setattr(scheme, "compute", compute, raising=False)

    def strict(db):
        from suwen.kernel.cache import bump

        db.get(Region, "4306").settings = {"reward_failure": "refuse"}
        bump(db, "regions")

    shop.run(strict)
    with pytest.raises(RewardRefused):
        shop.place(chain[2])


FACTS = RewardFacts("4306", 1, (LineFact(10, 1, 1, 1, 1000),), (UplineFact(1, 7, "joined"),))


@pytest.mark.parametrize(
    "line",
    [
        RewardLine(10, 1, 7, 1000, 800, -1),
        RewardLine(10, 1, 7, 1000, 800, 80.0),
        RewardLine(10, 1, 7, 1000, 800, 1001),
        RewardLine(11, 1, 7, 1000, 800, 80),
        RewardLine(10, 3, 7, 1000, 800, 80),
        RewardLine(10, 1, 8, 1000, 800, 80),
    ],
)
def test_lines_that_break_the_contract_are_refused(line):
    with pytest.raises(BadScheme):
        check_lines(FACTS, [line])


def test_reversing_for_a_removed_plugin_uses_the_frozen_rate(shop, chain):
    _a, b, c = chain
    order = shop.buy(c)
    shop.house.host.schemes.discard("reward_tiered")
    shop.give_back(order)
    assert balance(shop, b).frozen_fen == 0


def test_a_statement_shows_the_day_of_a_commission_only(shop, chain):
    shop.buy(chain[2])
    rows, _cursor = shop.run(lambda db: ledger(shop.house, db).entries(chain[1]))
    assert {
        (row.occurred_at.hour, row.occurred_at.minute, row.occurred_at.microsecond) for row in rows
    } == {(0, 0, 0)}
