from __future__ import annotations

import json

import pytest
from sqlalchemy import select, text

from suwen.accounts.models import Consent, Login, Member, Subject
from suwen.accounts.services import accounts
from suwen.accounts.staffing.models import StaffMember
from suwen.archives.services import archives
from suwen.kernel.audit import Actor
from suwen.kernel.crypto import SubjectKeyDestroyed
from suwen.kernel.db import metadata
from suwen.kernel.errors import NotFound
from suwen.kernel.regions import DEFAULT_CODE
from suwen.ledger.services import ledger
from suwen.messaging.models import ConsoleMessage
from suwen.orders.models import Order
from suwen.privacy import erasing, retention, working
from suwen.privacy.errors import NotConfirmed, StillOpen, TooLate
from suwen.privacy.periods import GRACE, KEY_BACKUP, periods
from suwen.privacy.plugins import PluginData
from suwen.privacy.receipts import receipt, receipt_number
from suwen.questionnaires.services import questionnaires

from .conftest import MARKERS, PHONE, REASON, add_child, release_report

STAFF = Actor("staff", 700)


def dump(house):
    """Both databases and the file store, whatever can be read of them."""
    texts = []
    with house.database.snapshot() as db:
        for table in metadata.sorted_tables:
            rows = db.execute(select(table))
            texts += [(table.name, "|".join(map(_shown, row))) for row in rows]
    with house.vault.store.snapshot() as db:
        keys = db.execute(text("SELECT * FROM subject_key")).all()
    texts.append(("subject_key", str(keys)))
    files = [path for path in house.settings.path("files").rglob("*") if path.is_file()]
    return texts + [(path.name, _shown(path.read_bytes())) for path in files]


def _shown(value):
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "ignore")
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def found(house, words, *, but=()):
    return [
        (name, word)
        for name, content in dump(house)
        for word in words
        if word in content and name not in but
    ]


def set_days(life, code, days):
    life.site.run(lambda db: periods(life.house, db).choose(code, days, STAFF))


def test_nothing_of_the_person_is_left_anywhere(life, traveller):
    release_report(life)
    life.export()
    subjects = life.site.run(
        lambda db: db.scalars(select(Subject.id).where(Subject.member_id == life.member)).all()
    )
    seen = {word for _name, word in found(life.house, MARKERS)}
    assert {REASON, PHONE} <= seen, "the scan does not see what stands open: it could not fail"
    row = life.erase()
    assert (row.state, row.progress, row.error) == ("done", 100, "")
    life.house.outbox.drain()
    # Development shows the last message instead of sending it; nothing else may name the person.
    assert found(life.house, MARKERS, but={"console_message"}) == []
    traveller(days=9)
    retention.run_all(life.house)
    assert found(life.house, MARKERS) == []
    for subject_id in subjects:
        with pytest.raises(SubjectKeyDestroyed):
            life.house.vault.subject(subject_id)
    folder = life.house.settings.path("files")
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_what_must_be_kept_is_kept_and_said(life):
    release_report(life)
    before = life.site.run(lambda db: ledger(life.house, db).verify()).entries
    row = life.erase()
    lines = {line["what"]: line for line in row.receipt if line["what"]}
    assert lines["订单记录"]["action"] == "kept"
    assert "第三十一条" in lines["订单记录"]["reason"]
    assert lines["账户明细"]["action"] == "kept"
    assert lines["健康档案、报告文件与解读"]["count"] == 1
    assert lines["会员记录"]["action"] == "anonymised"
    assert "站内信已全部删除" in lines

    def look(db):
        member = db.get_one(Member, life.member)
        assert (member.state, member.display_name) == ("erased", "已注销会员")
        assert member.profile is member.password_hash is member.name_index is None
        assert db.scalars(select(Login).where(Login.member_id == life.member)).all() == []
        order = db.scalars(select(Order).where(Order.number == life.order.number)).one()
        assert (order.member_id, order.address_sealed) == (life.member, None)
        given = db.scalars(select(Consent).where(Consent.subject_id == life.subject)).all()
        assert given
        assert all(one.withdrawn_at is not None for one in given)

    life.site.run(look)
    verdict = life.site.run(lambda db: ledger(life.house, db).verify())
    assert verdict.ok
    assert verdict.entries == before


def test_the_address_can_register_anew_and_is_somebody_else(life):
    release_report(life)
    life.erase()
    again = life.site.member(PHONE)
    assert again != life.member
    subject = life.site.run(lambda db: accounts(life.house, db).subject_of(again))
    assert life.house.vault.subject(subject)
    assert life.site.run(lambda db: archives(life.house, db).page(again))[0] == []


def test_sessions_and_tokens_end(life):
    release_report(life)
    headers = life.site.token(life.member)
    assert life.site.app.get("/api/v1/me", headers=headers).json["display_name"]
    life.erase()
    life.site.app.get("/api/v1/me", headers=headers, status=401)


def test_what_is_open_is_listed_and_refused(life):
    waiting = life.site.place(life.member)
    with pytest.raises(StillOpen) as refused:
        life.ask(lambda s: s.ask_erasure(life.member, "注销", life.me))
    paths = {item.path for item in refused.value.items}
    assert paths == {f"/orders/{waiting.number}", f"/orders/{life.order.number}"}
    assert life.ask(lambda s: s.latest(life.member, "erasure")) is None


def test_a_balance_is_given_up_only_when_that_is_said(life):
    release_report(life)

    def credit(db):
        ledger(life.house, db).post(
            "gift", "g1", [("revenue", 500), (f"member.{life.member}.available", -500)]
        )

    life.site.run(credit)
    with pytest.raises(StillOpen) as refused:
        life.ask(lambda s: s.ask_erasure(life.member, "注销", life.me))
    assert [item.code for item in refused.value.items] == ["balance"]
    row = life.erase(forfeit=True)
    assert row.state == "done"
    with life.house.database.snapshot() as db:
        assert ledger(life.house, db).member(life.member).available_fen == 0
        assert ledger(life.house, db).balance("forfeited") == -500


def test_staff_hand_back_their_rights_first(life):
    release_report(life)

    def grant(db):
        from suwen.accounts.staffing.models import StaffGrant

        db.add(StaffGrant(member_id=life.member, role="cashier", region="*"))

    life.site.run(grant)
    with pytest.raises(StillOpen) as refused:
        life.ask(lambda s: s.ask_erasure(life.member, "注销", life.me))
    assert [item.code for item in refused.value.items] == ["staff"]


def test_whoever_stands_in_the_tree_leaves_it_first(life):
    release_report(life)
    life.site.run(lambda db: db.add(StaffMember(member_id=life.member)))
    with pytest.raises(StillOpen) as refused:
        life.ask(lambda s: s.ask_erasure(life.member, "注销", life.me))
    assert [item.code for item in refused.value.items] == ["staff"]


@pytest.mark.parametrize("word", ["", "注", "yes", "注销吧"])
def test_the_word_must_be_typed(life, word):
    with pytest.raises(NotConfirmed):
        life.ask(lambda s: s.ask_erasure(life.member, word, life.me))


def test_during_the_days_of_grace_it_can_be_taken_back(life, traveller):
    release_report(life)
    set_days(life, GRACE, 3)
    row = life.ask(lambda s: s.ask_erasure(life.member, "erase", life.me))
    life.house.outbox.drain()
    assert life.row(row.id).state == "waiting"
    told = life.site.app.get("/api/v1/me/messages", headers=life.site.token(life.member))
    assert told.json["items"][0]["kind"] == "erasure_planned"
    life.ask(lambda s: s.cancel(life.member, row.id, life.me))
    with pytest.raises(TooLate):
        life.ask(lambda s: s.cancel(life.member, row.id, life.me))
    traveller(days=4)
    life.house.outbox.drain()
    assert life.row(row.id).state == "cancelled"
    assert life.site.run(lambda db: db.get_one(Member, life.member).state) == "active"


def test_after_the_days_of_grace_it_happens_unless_something_came_up(life, traveller):
    release_report(life)
    set_days(life, GRACE, 3)
    row = life.ask(lambda s: s.ask_erasure(life.member, "注销", life.me))
    life.site.place(life.member)
    traveller(days=3.1)
    life.house.outbox.drain()
    stopped = life.row(row.id)
    assert (stopped.state, stopped.error, stopped.receipt) == ("cancelled", "open_items", [])


def test_the_receipt_names_the_day_of_the_last_backup(life):
    release_report(life)
    set_days(life, KEY_BACKUP, 10)
    row = life.erase()
    assert (row.expires_at - row.started_at).days == 10
    (line,) = [line for line in row.receipt if line["step"] == "keys"]
    assert row.expires_at.astimezone().strftime("%Y-%m") in line["reason"]


def test_the_receipt_is_for_whoever_has_its_number(life):
    release_report(life)
    row = life.erase()
    number = receipt_number(life.house, row.id)
    page = life.site.app.get(f"/privacy/receipts/{number}")
    assert "健康档案、报告文件与解读" in page.text
    assert page.headers["Cache-Control"] == "no-store, private"
    for wrong in (f"{row.id}-{'0' * 32}", str(row.id), "-", f"{row.id + 1}-{number[-32:]}"):
        life.site.app.get(f"/privacy/receipts/{wrong}", status=404)
    with life.house.database.snapshot() as db, pytest.raises(NotFound):
        receipt(life.house, db, "1-é")


def test_the_last_message_goes_to_the_last_address_with_the_receipt(life):
    release_report(life)
    row = life.erase()
    life.house.outbox.drain()
    with life.house.database.snapshot() as db:
        told = db.scalars(select(ConsoleMessage).order_by(ConsoleMessage.id.desc())).first()
    assert told.address.endswith(PHONE)
    assert receipt_number(life.house, row.id) in told.text


class Killed(BaseException):
    """As SIGKILL: nothing is tidied up."""


STEPS = [
    *("door", "keys", "exports", "plugin.push_inbox", "groups", "distribution", "archives"),
    *("orders", "questionnaires", "payments", "privacy", "ledger", "messaging", "api", "accounts"),
]


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_every_step_it_goes_on_and_ends_whole(life, monkeypatch, when):
    """Each step kills the job once, before or after it has committed; the next job goes on."""
    release_report(life)
    life.export()
    row = life.ask(lambda s: s.ask_erasure(life.member, "注销", life.me))
    carry_out, died = erasing.Erasing._carry_out, []

    def dying(self, name, act, progress):
        if name not in died and when == "before":
            died.append(name)
            raise Killed
        carry_out(self, name, act, progress)
        if name not in died:
            died.append(name)
            raise Killed

    monkeypatch.setattr(erasing.Erasing, "_carry_out", dying)
    monkeypatch.setattr(working, "ALIVE", working.ALIVE * 0)
    for _step in STEPS:
        with pytest.raises(Killed):
            erasing.erase(life.house, {"request": row.id})
    assert died == STEPS
    erasing.erase(life.house, {"request": row.id})
    done = life.row(row.id)
    assert done.state == "done"
    assert list(dict.fromkeys(line["step"] for line in done.receipt)) == STEPS
    lines = [(line["step"], line["what"]) for line in done.receipt]
    assert len(lines) == len(set(lines)), "a step was done twice"
    assert found(life.house, MARKERS, but={"console_message"}) == []
    erasing.erase(life.house, {"request": row.id})
    assert life.row(row.id).finished_at == done.finished_at


def test_a_plugin_that_raises_is_named_and_holds_nobody_up_for_ever(life, monkeypatch):
    release_report(life)

    def broken(self, db, member_id):
        raise RuntimeError(f"{PHONE} cannot be deleted")

    with monkeypatch.context() as fault:
        fault.setattr(PluginData, "erase", broken)
        row = life.erase()
    assert (row.state, row.error) == ("failed", "plugin.push_inbox: RuntimeError")
    # The door is closed and the keys are gone already.
    with pytest.raises(SubjectKeyDestroyed):
        life.house.vault.subject(life.subject)
    life.ask(lambda s: s.retry(row.id, STAFF))
    life.house.outbox.drain()
    assert life.row(row.id).state == "done"


def test_a_late_report_of_an_erased_member_is_refused(life):
    release_report(life)
    life.erase()
    with pytest.raises(Exception) as refused:
        release_report(life)
    assert type(refused.value).__name__ in {"ConsentRequired", "WrongOrder", "NotFound"}


def test_dependants_go_with_their_guardian(life):
    release_report(life)
    child = add_child(life)
    life.erase()
    with pytest.raises(SubjectKeyDestroyed):
        life.house.vault.subject(child)
    with life.house.database.snapshot() as db:
        assert db.get_one(Subject, child).sealed is None


def test_answers_and_results_go(life):
    release_report(life)
    with life.house.database.snapshot() as db:
        assert questionnaires(life.house, db).respondent(life.member).subject_id == life.subject

    row = life.erase()
    assert {"测评结果", "答题记录"} <= {line["what"] for line in row.receipt}
    assert DEFAULT_CODE
