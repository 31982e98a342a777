import pytest
from sqlalchemy import select

from suwen.accounts.addresses import (
    BOTH,
    KITS,
    MAX_ADDRESSES,
    REPORTS,
    BadPhone,
    TooManyAddresses,
    defaults,
    parse_phone,
)
from suwen.accounts.completion import completion
from suwen.accounts.marks import name_mark
from suwen.accounts.models import Member
from suwen.accounts.profiles import Profile
from suwen.kernel.errors import NotFound


@pytest.fixture
def book(site_act, make_member):
    """``book(step)`` with one member's addresses, each call in a transaction of its own."""
    member_id = make_member()

    def run(step):
        return site_act(lambda service: step(service.addresses(member_id)))

    run.member_id = member_id
    return run


def add(book, name, purpose=BOTH, **more):
    return book(
        lambda b: b.create(name, "+8613812345678", "430602", "建设路 1 号", purpose=purpose, **more)
    ).id


def firsts(book):
    return book(lambda b: defaults(b.all()))


def test_the_first_is_the_default_of_what_it_serves(book):
    assert firsts(book) == {}
    kits = add(book, "甲", KITS)
    assert firsts(book) == {KITS: kits}
    reports = add(book, "乙", REPORTS)
    assert firsts(book) == {KITS: kits, REPORTS: reports}


def test_a_default_for_one_use_stands_above_one_for_both(book):
    both = add(book, "甲")
    reports = add(book, "乙", REPORTS, is_default=True)
    assert firsts(book) == {KITS: both, REPORTS: reports}
    later = add(book, "丙", is_default=True)
    assert firsts(book) == {KITS: later, REPORTS: later}


def test_changing_what_an_address_is_for_keeps_one_default_of_each(book):
    first, second = add(book, "甲"), add(book, "乙", KITS, is_default=True)
    book(lambda b: b.update(first, {"purpose": KITS}))
    assert firsts(book) == {KITS: first}
    assert [a.id for a in book(lambda b: b.all()) if a.is_default] == [first]
    book(lambda b: b.update(second, {"purpose": REPORTS}))
    assert firsts(book) == {KITS: first, REPORTS: second}


def test_only_what_serves_is_offered_the_default_first(book):
    first, second = add(book, "甲", KITS), add(book, "乙")
    add(book, "丙", REPORTS)
    assert [a.id for a in book(lambda b: b.serving(KITS))] == [first, second]
    book(lambda b: b.update(second, {"is_default": True}))
    assert [a.id for a in book(lambda b: b.serving(KITS))] == [second, first]


def test_deleting_the_default_makes_the_newest_of_the_others_one(book):
    first, second, third = add(book, "甲"), add(book, "乙"), add(book, "丙")
    book(lambda b: b.delete(first))
    assert firsts(book) == {KITS: third, REPORTS: third}
    assert [a.is_default for a in book(lambda b: b.all())] == [True, False]
    book(lambda b: b.delete(third))
    book(lambda b: b.delete(second))
    assert not book(lambda b: b.exists())


def test_there_is_an_end_to_addresses(book):
    for number in range(MAX_ADDRESSES):
        add(book, f"甲{number}")
    with pytest.raises(TooManyAddresses):
        add(book, "乙")
    assert len(book(lambda b: b.all())) == MAX_ADDRESSES


def test_another_members_addresses_do_not_exist(book, site_act, make_member):
    mine = add(book, "甲")
    other = make_member("13912345678")
    for act in (
        lambda b: b.get(mine),
        lambda b: b.update(mine, {"detail": "x"}),
        lambda b: b.delete(mine),
    ):
        with pytest.raises(NotFound):
            site_act(lambda s, act=act: act(s.addresses(other)))
    assert site_act(lambda s: s.addresses(other).all()) == []
    assert book(lambda b: b.get(mine)).recipient == "甲"


@pytest.mark.parametrize("text", ["", "123", "a@example.cn", "0730-1234567", "138123456789"])
def test_a_courier_needs_a_mobile_number(text):
    with pytest.raises(BadPhone) as refused:
        parse_phone(text)
    assert list(refused.value.fields) == ["phone"]


def test_a_phone_number_is_kept_in_one_form():
    assert parse_phone(" １３８ 1234 5678 ") == "+8613812345678"


def test_the_name_can_be_looked_up_but_not_read(book, site_act, site_house):
    def stored(name):
        return site_act(lambda s: s.profiles.update(book.member_id, {"real_name": name}))

    stored("王 小明")
    with site_house.database.snapshot() as db:
        mark = db.scalar(select(Member.name_index).where(Member.id == book.member_id))
    assert mark == name_mark(site_house.vault, "王小明")
    assert "王" not in mark
    stored(None)
    with site_house.database.snapshot() as db:
        assert db.scalar(select(Member.name_index).where(Member.id == book.member_id)) is None


def person(**more):
    return Member(kind="individual", display_name="王**", **more)


def test_what_completes_a_persons_profile():
    found = completion(person(), Profile(), has_address=False)
    assert found.percent == 0
    assert [item.field for item in found.missing] == [
        "real_name",
        "birth_date",
        "sex",
        "occupation",
        "delivery_address",
    ]
    found = completion(person(), Profile(real_name="王小明", sex="male"), has_address=True)
    assert (found.percent, len(found.missing)) == (60, 2)


def test_a_group_is_asked_for_name_nature_and_somebody_to_talk_to():
    group = Member(kind="group", display_name="公司", group_name="公司", group_nature="enterprise")
    found = completion(group, Profile(), has_address=False)
    assert [item.field for item in found.missing] == ["real_name", "delivery_address"]
    assert completion(group, Profile(real_name="王"), has_address=True).percent == 100
