"""Two accounts of one person become one: what moves, what must not, and that the books hold."""

import threading
from datetime import date

import pytest
from sqlalchemy import select, update

from suwen.accounts.links import links
from suwen.accounts.models import Consent, Login, Member, PostalAddress, Subject
from suwen.accounts.people.errors import MergeRefused
from suwen.accounts.people.merging import Merging, follow_up
from suwen.accounts.services import accounts
from suwen.distribution.models import Binding, CommissionLine, Distributor, ShareLink
from suwen.distribution.services import distribution
from suwen.groups.models import GroupSeat
from suwen.kernel import clock, ids
from suwen.kernel.audit import Actor
from suwen.ledger.services import ledger
from suwen.messaging.models import Message
from suwen.orders.models import Intent, Order
from suwen.payments.models import PaymentAttempt
from suwen.privacy.models import PrivacyRequest
from tests.unit.accounts.people.conftest import REASON

STAFF = Actor("staff", 900)


@pytest.fixture
def pair(desk):
    """Two accounts of one person."""
    source = desk.member("欧阳明日", phone="13912345678")
    target = desk.member("欧阳明日", phone="13812345678")
    return source, target


def merge(site, source, target, confirm=None, actor=STAFF):
    return site.run(
        lambda db: (
            Merging(site.house, db).merge(source, target, REASON, confirm or str(target), actor).id
        )
    )


def blocks(site, source, target):
    preview = site.run(lambda db: Merging(site.house, db).preview(source, target, STAFF))
    return [str(block) for block in preview.blocks]


def owners(site, model, column="member_id"):
    return set(site.run(lambda db: db.scalars(select(getattr(model, column))).all()))


def pay_in(site, member_id, **amounts):
    """Money on a member's accounts, as the ledger would have it."""
    for kind, amount in amounts.items():
        sign = 1 if kind == "debt" else -1
        postings = [
            (f"member.{member_id}.{kind}", sign * amount),
            ("commission_expense", -sign * amount),
        ]
        site.run(lambda db, p=postings: ledger(site.house, db).post("test", ids.token(), p))


def test_everything_goes_over_and_the_source_is_closed(desk, site, pair):
    source, target = pair
    himself, bearer = desk.signed_in(source), site.token(source)
    service = lambda db: accounts(site.house, db)  # noqa: E731
    subject = site.run(lambda db: service(db).subject_of(source))
    site.run(
        lambda db: service(db).addresses(source).create("欧阳明日", "13912345678", "430602", "某路")
    )
    site.run(
        lambda db: service(db).addresses(target).create("欧阳明日", "13812345678", "430602", "另路")
    )
    site.run(lambda db: service(db).profiles.update(source, {"birth_date": date(1980, 5, 6)}))
    order = site.buy(source)
    pay_in(site, source, available=1200, frozen=345, debt=67)
    pay_in(site, target, available=1)

    assert merge(site, source, target) == target

    closed = desk.get(source)
    assert (closed.state, closed.merged_into, closed.profile) == ("merged", target, None)
    assert closed.password_hash is closed.name_index is None
    assert owners(site, Login) == {target}
    assert owners(site, PostalAddress) == {target}
    assert owners(site, Subject) == {target}
    assert owners(site, Consent) == {target}
    assert owners(site, Order) == {target}
    assert owners(site, PaymentAttempt) == {target}
    assert owners(site, Message) == {target}
    assert site.run(lambda db: db.get(Subject, subject).relation) == "former"
    defaults = site.run(lambda db: db.query(PostalAddress).filter_by(is_default=True).count())
    assert defaults == 1
    assert site.run(lambda db: service(db).profiles.read(target).birth_date) == date(1980, 5, 6)

    balance = site.run(lambda db: ledger(site.house, db).member(target))
    assert (balance.available_fen, balance.frozen_fen, balance.debt_fen) == (1201, 345, 67)
    left = site.run(lambda db: ledger(site.house, db).member(source))
    assert (left.available_fen, left.frozen_fen, left.debt_fen) == (0, 0, 0)
    assert site.run(lambda db: ledger(site.house, db).verify()).ok

    assert "/sign-in" in himself.get("/orders").location
    assert site.app.get("/api/v1/me", headers=bearer, status="*").status_int == 401
    assert site.run(lambda db: service(db).find("13912345678")) == target
    assert order.number in desk.signed_in(target).get("/orders").text


def test_it_is_on_record_at_both(desk, site, pair):
    source, target = pair
    merge(site, source, target)
    ((at_source, details),) = desk.events("member.merge")
    ((at_target, _moved),) = desk.events("member.absorb")
    assert at_source.object_id == str(source)
    assert details["after"] == {"state": "merged", "merged_into": target}
    assert (at_target.object_id, at_target.reason) == (str(target), REASON)


def test_a_second_click_is_refused(desk, site, pair):
    source, target = pair
    merge(site, source, target)
    with pytest.raises(MergeRefused):
        merge(site, source, target)
    assert len(desk.events("member.merge")) == 1


def test_two_at_once_make_one(desk, site, pair):
    source, target = pair
    outcomes, gate = [], threading.Barrier(2)

    def run(one, other):
        gate.wait()
        try:
            outcomes.append(merge(site, one, other))
        except MergeRefused as error:
            outcomes.append(error)

    threads = [
        threading.Thread(target=run, args=(source, target)),
        threading.Thread(target=run, args=(target, source)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["MergeRefused", "int"]
    assert sorted(desk.get(key).state for key in pair) == ["active", "merged"]


def test_open_things_are_waited_for(desk, site, pair):
    source, target = pair
    assert blocks(site, source, target) == []
    order = site.place(target)
    assert "待付款" in blocks(site, source, target)[0]
    site.start(order)
    site.run(lambda db: db.execute(update(Order).values(state="cancelled")))
    assert any("支付" in text for text in blocks(site, source, target))
    site.run(lambda db: db.execute(update(PaymentAttempt).values(state="failed")))
    site.place(source, "payment_offline")
    assert any("意向" in text for text in blocks(site, source, target))
    site.run(lambda db: db.execute(update(Intent).values(state="cancelled")))
    site.run(
        lambda db: db.add(
            PrivacyRequest(
                member_id=source,
                kind="erasure",
                state="waiting",
                due_at=clock.now(),
                requested_at=clock.now(),
            )
        )
    )
    assert any("注销" in text for text in blocks(site, source, target))
    with pytest.raises(MergeRefused):
        merge(site, source, target)
    assert desk.get(source).state == "active"


@pytest.mark.parametrize(
    "change", [{"kind": "group"}, {"state": "erased"}, {"state": "merged"}], ids=str
)
def test_what_does_not_belong_together_stays_apart(desk, site, pair, change):
    source, target = pair
    site.run(lambda db: db.execute(update(Member).where(Member.id == source).values(**change)))
    assert blocks(site, source, target)


def test_branches_and_staff_stay_apart(desk, site, pair):
    source, target = pair
    branch = desk.branch("yy1")
    site.run(
        lambda db: db.execute(update(Member).where(Member.id == source).values(branch_id=branch))
    )
    assert blocks(site, source, target)
    clerk = desk.clerk("customer_service")
    assert any("员工" in text for text in blocks(site, clerk.id, target))


def test_nobody_becomes_his_own_sponsor(desk, site, pair):
    source, target = pair
    middle = desk.member("中间人")

    def bind(*chain):
        def act(db):
            db.query(Binding).delete()
            for member, sponsor in chain:
                db.add(Binding(member_id=member, sponsor_id=sponsor))

        site.run(act)

    for chain in (
        [(source, target)],
        [(target, source)],
        [(target, middle), (middle, source)],
    ):
        bind(*chain)
        assert any("推荐" in text for text in blocks(site, source, target)), chain
    bind((middle, source), (source, desk.member("上级")))
    assert blocks(site, source, target) == []
    merge(site, source, target)
    pairs = site.run(lambda db: {row.member_id: row.sponsor_id for row in db.query(Binding)})
    assert pairs[middle] == target
    assert source not in pairs
    assert target in pairs


def test_who_earned_by_the_other_is_refused(desk, site, pair):
    source, target = pair
    site.join(source)
    code = site.share(source)
    site.buy(target, referral_code=code)
    assert owners(site, CommissionLine, "beneficiary_id") == {source}
    site.run(lambda db: db.query(Binding).delete())
    assert any("返现" in text for text in blocks(site, source, target))


def test_commissions_links_and_the_place_as_distributor_go_over(desk, site, pair):
    source, target = pair
    site.join(source)
    code = site.share(source)
    buyer = desk.member("买家")
    site.buy(buyer, referral_code=code)
    twin = site.share(target)  # the same product: one link stays with the source

    merge(site, source, target)

    assert owners(site, CommissionLine, "beneficiary_id") == {target}
    assert owners(site, Distributor) == {target}
    assert owners(site, Binding, "sponsor_id") == {target}
    assert site.run(lambda db: db.query(ShareLink).count()) == 2
    late = site.member("13712345678", referral_code=code)
    assert site.run(lambda db: db.get(Binding, late).sponsor_id) == target
    assert site.run(lambda db: distribution(site.house, db).bindings.link(twin).member_id) == target
    assert site.run(lambda db: ledger(site.house, db).verify()).ok


def test_what_comes_later_is_moved_too(desk, site, pair):
    source, target = pair
    merge(site, source, target)
    pay_in(site, source, frozen=500)  # a reward that was frozen before
    site.run(
        lambda db: db.add(
            GroupSeat(
                group_id=desk_group(db),
                member_id=source,
                role="staff",
                state="active",
                invited_by=1,
            )
        )
    )

    follow_up(site.house, {"source": source, "target": target, "turn": 0})
    follow_up(site.house, {"source": source, "target": target, "turn": 0})

    assert site.run(lambda db: ledger(site.house, db).member(target)).frozen_fen == 500
    assert owners(site, GroupSeat) == {target}
    assert site.run(lambda db: ledger(site.house, db).verify()).ok


def desk_group(db):
    group = Member(
        id=ids.new_id(),
        kind="group",
        display_name="团体",
        group_name="团体",
        created_at=clock.now(),
    )
    db.add(group)
    db.flush()
    return group.id


def test_the_page_shows_both_and_wants_the_number_typed(desk, clerk, site, pair):
    source, target = pair
    page = clerk.app.get(f"/admin/members/{source}/merge")
    assert str(target) in page.text  # found by the same name
    page = clerk.app.get(f"/admin/members/{source}/merge?with={target}")
    assert "13912345678" not in page.text
    assert "欧阳明日" not in page.text
    form = next(f for f in page.forms.values() if "confirm" in f.fields)
    form["reason"] = REASON
    form["confirm"] = "123"
    assert form.submit(status=422).status_int == 422
    assert desk.get(source).state == "active"
    form["confirm"] = str(target)
    answer = form.submit()
    assert answer.location.endswith(f"/admin/members/{target}")
    assert form.submit(status="*").status_int in {404, 422}
    assert "已并入另一个账户" in clerk.app.get(f"/admin/members/{source}").text


def test_a_stranger_to_one_of_them_merges_neither(desk, site):
    mine, other = desk.branch("yy1"), desk.branch("yy2")
    inside, outside = desk.member("张一", branch=mine), desk.member("张一", branch=other)
    clerk = desk.clerk("branch_administrator", branch=mine)
    path = f"/admin/members/{inside}/merge?with={outside}"
    assert clerk.app.get(path, status="*").status_int == 404


def test_a_place_as_somebodys_relative_goes_over(desk, site, pair):
    source, target = pair
    relative = desk.member("家人")

    def link(db):
        himself = accounts(site.house, db).subject_of(source)
        made = Subject(id=ids.new_id(), member_id=relative, relation="parent", linked_id=himself)
        db.add(made)
        return made.id

    place = site.run(link)
    merge(site, source, target)

    def places(db):
        return [key for key, _relation, _name in links(site.house, db).places(target)]

    assert site.run(places) == [place]
