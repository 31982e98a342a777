from __future__ import annotations

import hashlib

import pytest
from sqlalchemy import event, select

from suwen.accounts.consent_texts import (
    BadVersion,
    SameText,
    TextPublished,
    VersionTaken,
    compare,
    consent_texts,
)
from suwen.accounts.consents import OldVersion, consents
from suwen.accounts.errors import ConsentRequired
from suwen.accounts.models import Consent
from suwen.accounts.purposes import PURPOSES, UnknownPurpose
from suwen.kernel.audit import Actor, AuditEvent
from suwen.kernel.cache import read_versions
from suwen.kernel.errors import NotFound

STAFF = Actor("staff", 700)
NEW = {
    "title": "基因检测知情同意",
    "text": "我了解检测的目的、范围、局限与可能的结果。\n样本保存六个月后销毁。",
    "effect": "尚未检测的样本不再检测。",
    "title_en": "Consent to testing",
    "text_en": "I know the purpose, scope and limits. Specimens are kept for six months.",
    "effect_en": "Specimens not tested yet are not tested.",
}


@pytest.fixture
def act(shop):
    """``act(lambda texts, consents: …)`` in a transaction of its own."""

    def run(what):
        return shop.run(lambda db: what(consent_texts(shop.house, db), consents(shop.house, db)))

    return run


@pytest.fixture
def person(shop, act):
    """A member's subject, and he."""
    member = shop.member("13800006001")
    subject = act(lambda _t, c: c.subjects_of(member)[0].id)
    return subject, Actor("member", member)


def publish(act, version="2027-01", purpose="testing", **changes):
    row = act(lambda t, _c: t.draft(purpose, version, {**NEW, **changes}, STAFF))
    act(lambda t, _c: t.publish(row.id, STAFF))
    return row


def test_the_shipped_text_is_asked_until_another_is_published(act):
    assert act(lambda t, _c: t.present("testing")) is PURPOSES["testing"]
    row = act(lambda t, _c: t.draft("testing", "2027-01", NEW, STAFF))
    assert act(lambda t, _c: t.present("testing")) is PURPOSES["testing"]
    act(lambda t, _c: t.publish(row.id, STAFF))
    present = act(lambda t, _c: t.present("testing"))
    assert (present.version, present.text, present.withdrawable) == ("2027-01", NEW["text"], True)
    publish(act, "2027-02", text="更新的文本")
    assert act(lambda t, _c: t.present("testing")).version == "2027-02"


def test_a_new_text_asks_again_before_the_next_step_and_changes_nothing_before(act, person):
    subject, me = person
    act(lambda _t, c: c.give(subject, "testing", me))
    publish(act)
    with pytest.raises(ConsentRequired):
        act(lambda _t, c: c.require(subject, "testing"))
    with pytest.raises(OldVersion):
        act(lambda _t, c: c.give(subject, "testing", me, version=PURPOSES["testing"].version))
    (standing,) = [
        one for one in act(lambda _t, c: c.standings(subject)) if one.purpose == "testing"
    ]
    assert (standing.given, standing.given_version) == (False, "2026-11")
    act(lambda _t, c: c.give(subject, "testing", me, version="2027-01", channel="api"))
    act(lambda _t, c: c.require(subject, "testing"))
    history = act(lambda _t, c: c.history(subject, "testing"))
    assert [(one.version, one.channel) for one in history] == [
        ("2027-01", "api"),
        ("2026-11", "web"),
    ]
    assert history[0].text_hash == hashlib.sha256(NEW["text"].encode()).hexdigest()


def test_what_was_shown_is_what_is_proved(act, person):
    subject, me = person
    publish(act)
    act(lambda _t, c: c.give(subject, "testing", me, shown=NEW["text_en"]))
    (past,) = act(lambda _t, c: c.history(subject, "testing"))
    assert past.text_hash == hashlib.sha256(NEW["text_en"].encode()).hexdigest()


def test_published_texts_never_change(act):
    row = publish(act)
    for step in (
        lambda t: t.change(row.id, "2027-09", NEW, STAFF),
        lambda t: t.discard(row.id, STAFF),
        lambda t: t.publish(row.id, STAFF),
    ):
        with pytest.raises(TextPublished):
            act(lambda t, _c, step=step: step(t))


def test_drafts_change_and_go(act):
    row = act(lambda t, _c: t.draft("testing", "2027-01", NEW, STAFF))
    act(lambda t, _c: t.change(row.id, "2027-03", {**NEW, "text": "改"}, STAFF))
    changed = act(lambda t, _c: t.get(row.id))
    assert (changed.version, changed.text) == ("2027-03", "改")
    act(lambda t, _c: t.discard(row.id, STAFF))
    with pytest.raises(NotFound):
        act(lambda t, _c: t.get(row.id))


@pytest.mark.parametrize("version", ["", "2027 01", "版本", "x" * 13, "-1"])
def test_versions_are_plain(act, version):
    with pytest.raises(BadVersion):
        act(lambda t, _c: t.draft("testing", version, NEW, STAFF))


def test_versions_are_unique_and_texts_new(act):
    with pytest.raises(VersionTaken):
        act(lambda t, _c: t.draft("testing", PURPOSES["testing"].version, NEW, STAFF))
    publish(act)
    with pytest.raises(VersionTaken):
        act(lambda t, _c: t.draft("testing", "2027-01", NEW, STAFF))
    same = act(lambda t, _c: t.draft("testing", "2027-02", NEW, STAFF))
    with pytest.raises(SameText):
        act(lambda t, _c: t.publish(same.id, STAFF))
    with pytest.raises(UnknownPurpose):
        act(lambda t, _c: t.draft("nothing", "1", NEW, STAFF))


def test_publishing_is_recorded_with_before_and_after(act, shop):
    row = publish(act)
    with shop.house.database.snapshot() as db:
        query = select(AuditEvent).where(AuditEvent.action == "consent_text.publish")
        found = db.scalars(query).one()
        details = shop.house.audit.details(found)
    assert (found.actor_id, found.object_id, found.reason) == (700, str(row.id), "testing")
    assert details["before"]["version"] == "2026-11"
    assert details["after"]["sha256"] == hashlib.sha256(NEW["text"].encode()).hexdigest()


def test_who_stands_on_an_old_version_is_counted(act, shop, person):
    subject, me = person
    others = [shop.member(f"1380000610{n}") for n in range(3)]
    subjects = [subject, *(act(lambda _t, c, m=m: c.subjects_of(m)[0].id) for m in others)]
    for one in subjects:
        act(lambda _t, c, one=one: c.give(one, "testing", me))
    publish(act)
    act(lambda _t, c: c.give(subjects[0], "testing", me))
    act(lambda _t, c: c.withdraw(subjects[1], "testing", me))
    counts = act(lambda t, _c: t.counts("testing"))
    assert (counts.agreed, counts.on_old) == (1, 2)


def test_asking_costs_no_statement_of_its_own(act, shop, person):
    subject, me = person
    publish(act)
    act(lambda _t, c: c.give(subject, "testing", me))
    statements = []
    with shop.house.database.snapshot() as db:
        read_versions(db)
        service = consents(shop.house, db)
        service.has(subject, "testing")
        event.listen(
            shop.house.database.engine,
            "before_cursor_execute",
            lambda *found: statements.append(found[2]),
        )
        assert service.has(subject, "testing")
    assert len(statements) == 1
    assert "consent_text" not in statements[0]


def test_a_group_s_consent_is_apart_from_another_s(act, shop, person):
    subject, me = person
    one, other = shop.member("13800006201"), shop.member("13800006202")
    act(lambda _t, c: c.give(subject, "group_results", me, audience=one))
    assert act(lambda _t, c: c.has(subject, "group_results", audience=one))
    assert not act(lambda _t, c: c.has(subject, "group_results", audience=other))
    assert not act(lambda _t, c: c.has(subject, "group_results"))
    heard = []
    shop.house.events.subscribe("consent_withdrawn", lambda _db, e: heard.append(e.data))
    act(lambda _t, c: c.withdraw(subject, "group_results", me, audience=other))
    act(lambda _t, c: c.withdraw(subject, "group_results", me, audience=one))
    assert [data["audience_id"] for data in heard] == [one]


def test_another_member_s_subject_does_not_exist(act, shop, person):
    subject, _me = person
    stranger = shop.member("13800006301")
    with pytest.raises(NotFound):
        act(lambda _t, c: c.subject_of(stranger, subject))


def test_the_list_of_purposes_is_whole():
    required = {name for name, about in PURPOSES.items() if about.required}
    assert required == {"terms", "privacy", "testing", "sensitive_data", "specimen", "guardian"}
    optional = {"research", "expert_sharing", "secondary_findings", "health_push", "marketing"}
    assert optional | {"group_results"} == set(PURPOSES) - required
    assert all(PURPOSES[name].withdrawable for name in optional)


def test_comparisons_put_together_what_each_side_says():
    pieces = compare("样本保存三个月", "样本只保存六个月。")
    assert "".join(p.text for p in pieces if p.kind != "new") == "样本保存三个月"
    assert "".join(p.text for p in pieces if p.kind != "gone") == "样本只保存六个月。"
    assert [p.kind for p in compare("", "新")] == ["new"]


def test_the_row_says_whose_consent_it_is(act, shop, person):
    subject, me = person
    act(lambda _t, c: c.give(subject, "research", Actor("staff", 9)))
    with shop.house.database.snapshot() as db:
        row = db.scalars(select(Consent).where(Consent.purpose == "research")).one()
    assert (row.channel, row.member_id, me.id) == ("admin", 9, me.id)
