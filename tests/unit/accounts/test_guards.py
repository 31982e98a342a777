"""Attacks on signing in; each is shown to work once its guard is gone."""

from __future__ import annotations

import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event, func, select
from structlog.testing import capture_logs
from webtest import TestApp

from suwen.accounts import limits
from suwen.accounts.errors import SignInFailed, WrongCode
from suwen.accounts.models import Member
from suwen.accounts.passwords import Passwords
from suwen.accounts.services import Registration, accounts
from suwen.accounts.signing import Proof
from suwen.kernel.db import metadata
from suwen.kernel.errors import TooMany
from suwen.kernel.ratelimit import Limit, RateCount
from suwen.kernel.regions import DEFAULT_CODE
from tests.unit.accounts.conftest import PASSWORD, form_of, sign_in

ADDRESS, STRANGER = "13812345678", "13912345678"
COOKIE = "dev-session"


def guess(house, password, network, address=ADDRESS):
    with house.database.transaction() as db:
        try:
            accounts(house, db).signing.authenticate(address, Proof(password), network)
        except (SignInFailed, TooMany) as error:
            return type(error)
        return None


def guesses_let_through(house, count=20):
    """Wrong passwords looked at, each from a network and a process of its own."""
    answers = [guess(house, f"wrong horse {n}", f"203.0.113.{n}") for n in range(count)]
    return answers.count(SignInFailed)


def test_one_account_is_not_guessed_from_many_networks(house, join):
    join(ADDRESS)
    assert guesses_let_through(house) == 5
    assert guess(house, PASSWORD, "203.0.113.200") is TooMany


def test_without_the_limit_of_the_account_it_would_be(house, join, monkeypatch):
    join(ADDRESS)
    monkeypatch.setattr(limits.Gate, "sign_in_tried", lambda *_a: None)
    assert guesses_let_through(house) == 20


def test_parallel_guesses_share_no_count(house, join):
    join(ADDRESS)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda n: guess(house, f"wrong {n}", f"203.0.113.{n}"), range(18)))
    assert answers.count(SignInFailed) == 5
    assert answers.count(TooMany) == 13


def test_one_network_does_not_try_a_password_on_many_accounts(house):
    answers = [guess(house, PASSWORD, "203.0.113.1", f"1380000{n:04d}") for n in range(15)]
    assert answers.count(SignInFailed) == 10


def test_the_counts_stand_in_the_database_and_name_nobody(house, join):
    join(ADDRESS)
    guess(house, "wrong horse 43", "203.0.113.1")
    with house.database.snapshot() as db:
        assert db.scalar(select(func.count()).select_from(RateCount)) >= 3
        rows = str(db.execute(select(metadata.tables["rate_count"])).all())
    assert ADDRESS not in rows
    assert "203.0.113" not in rows


def test_codes_that_cost_money_are_refused_when_nobody_can_count(house, act, monkeypatch):
    def broken(*_arguments):
        raise OSError("the table is gone")

    monkeypatch.setattr("suwen.kernel.ratelimit._count", broken)
    with pytest.raises(OSError):
        act(
            lambda s: s.request_code(
                ADDRESS, "register", network="203.0.113.1", region=DEFAULT_CODE
            )
        )


def test_the_cap_on_all_codes_holds_over_addresses_and_networks(house, act, monkeypatch):
    monkeypatch.setattr(limits, "CODE_GLOBAL", Limit("code.global", 3, 600))

    def ask(number):
        act(
            lambda s: s.request_code(
                f"1380000{number:04d}",
                "register",
                network=f"203.0.113.{number}",
                region=DEFAULT_CODE,
            )
        )

    for number in range(3):
        ask(number)
    with pytest.raises(TooMany):
        ask(9)


# Known and unknown: the same work, so the same time.


def statements(house, run):
    """What the database was asked."""
    seen = []

    def note(_conn, _cursor, statement, *_rest):
        seen.append(" ".join(statement.split())[:60])

    event.listen(house.database.engine, "before_cursor_execute", note)
    try:
        run()
    finally:
        event.remove(house.database.engine, "before_cursor_execute", note)
    return seen


@pytest.mark.parametrize("purpose", ["sign_in", "reset", "register", "step_up"])
def test_a_code_costs_the_same_statements_for_everybody(house, act, join, clock, purpose):
    join(ADDRESS)
    clock.shift(120)

    def ask(address):
        act(lambda s: s.request_code(address, purpose, network="203.0.113.1", region=DEFAULT_CODE))

    ask("13700000000")  # warms caches
    known, unknown = (statements(house, lambda a=a: ask(a)) for a in (ADDRESS, STRANGER))
    ends = ("ROLLBACK TO", "RELEASE")
    assert [s for s in known if not s.startswith(ends)] == [
        s for s in unknown if not s.startswith(ends)
    ]


@pytest.mark.parametrize("proof", [Proof("wrong horse 43"), Proof(code="000000")])
def test_a_wrong_proof_costs_the_same_statements_and_hashes_for_everybody(
    house, join, proof, monkeypatch
):
    join(ADDRESS)
    hashed = []
    real = Passwords.verify
    monkeypatch.setattr(Passwords, "verify", lambda self, *a: (hashed.append(1), real(self, *a))[1])

    def attempt(address):
        with house.database.transaction() as db, pytest.raises(SignInFailed):
            accounts(house, db).signing.first_factor(address, proof, "203.0.113.1")

    costs = []
    for address in (ADDRESS, STRANGER):
        hashed.clear()
        costs.append((statements(house, lambda a=address: attempt(a)), len(hashed)))
    assert costs[0] == costs[1]
    assert len(hashed) == (0 if proof.code else 1)


def test_a_wrong_password_takes_as_long_for_everybody(house, join, monkeypatch):
    join(ADDRESS)
    monkeypatch.setattr(limits.Gate, "sign_in_tried", lambda *_a: None)
    house.ports["passwords"] = Passwords()

    def median(address):
        times = []
        for _n in range(5):
            began = time.perf_counter()
            assert guess(house, "wrong horse 43", "203.0.113.1", address) is SignInFailed
            times.append(time.perf_counter() - began)
        return statistics.median(times)

    # The stored hash has the tests' small cost: what is measured is that a stranger costs a full one.
    real = Passwords()
    began = time.perf_counter()
    real.verify(real.hash("correct horse 42"), "wrong horse 43")
    one_hash = (time.perf_counter() - began) / 2
    assert median(STRANGER) > one_hash / 3


def test_registering_a_taken_address_needs_its_code_to_be_told(house, act, join, new_code, clock):
    join(ADDRESS)
    clock.shift(120)
    for address in (ADDRESS, STRANGER):
        wanted = Registration(address, "000000", PASSWORD, DEFAULT_CODE)
        with pytest.raises(WrongCode):
            act(lambda s, w=wanted: s.register(w, "203.0.113.1"))


# Sessions.


def test_a_stolen_session_ends_with_the_password(web, make_member, wsgi, site_act):
    make_member()
    sign_in(web)
    thief = TestApp(wsgi)
    thief.set_cookie(COOKIE, web.cookies[COOKIE])
    thief.get("/mine", status=200)
    form = form_of(web.get("/step-up?next=/me/password"), "password")
    form["password"] = PASSWORD
    page = form.submit().follow()
    # Stepping up has changed the token: the copy is dead already.
    thief.get("/mine", status=303)
    thief.set_cookie(COOKIE, web.cookies[COOKIE])
    form = form_of(page, "password")
    form["password"] = "brand new horse"
    form.submit(status=303)
    thief.get("/mine", status=303)
    web.get("/mine", status=200)


def test_without_rotation_the_copy_would_live_on(web, make_member, wsgi, monkeypatch):
    make_member()
    sign_in(web)
    thief = TestApp(wsgi)
    thief.set_cookie(COOKIE, web.cookies[COOKIE])
    form = form_of(web.get("/step-up?next=/me/password"), "password")
    form["password"] = PASSWORD
    monkeypatch.setattr("suwen.kernel.sessions.Sessions.rotate", lambda *_a: web.cookies[COOKIE])
    form.submit()
    thief.get("/mine", status=200)


def test_a_planted_token_is_not_taken_over(web, make_member, site_act, wsgi):
    """Fixation: the attacker knows a token, even a live one of his own, before the sign-in."""
    attacker_id = make_member(STRANGER)
    make_member(ADDRESS)
    attacker = TestApp(wsgi)
    sign_in(attacker, STRANGER)
    planted = attacker.cookies[COOKIE]
    web.set_cookie(COOKIE, planted)
    sign_in(web, ADDRESS, next="/mine")
    assert web.cookies[COOKIE] != planted
    # The planted session is over: the attacker is not carried into the victim's account.
    attacker.get("/mine", status=303)
    assert web.get("/mine").json["member"] != str(attacker_id)


# What a form may not say.


@pytest.mark.parametrize(
    "path",
    ["/sign-in", "/register", "/reset-password", "/sign-out"],
)
def test_forms_of_visitors_want_their_token(web, path):
    web.get("/sign-in")
    web.post(path, {"address": ADDRESS, "password": PASSWORD}, status=400)


@pytest.mark.parametrize(
    "path",
    [
        "/step-up",
        "/me/sessions",
        "/me/password",
        "/me/totp",
        "/me/logins",
        "/me/logins/change",
        "/sign-out",
    ],
)
def test_forms_of_members_want_their_token(web, make_member, path):
    make_member()
    sign_in(web)
    web.post(path, {"password": PASSWORD, "action": "everywhere"}, status=400)
    web.post(path, {"csrf_token": "x" * 64, "action": "everywhere"}, status=400)
    web.get("/mine", status=200)


EXTRA = {
    "state": "locked",
    "permissions": ["staff.finance"],
    "is_admin": True,
    "id": "1",
    "member_id": "1",
    "totp_confirmed_at": "2020-01-01T00:00:00Z",
    "password_hash": "x",
    "branch_id": "1",
    "merged_into": "1",
    "created_at": "2020-01-01T00:00:00Z",
}


def test_a_registration_cannot_say_more_than_it_may(web, code_for, site_house):
    form = form_of(web.get("/register"))
    form["address"] = ADDRESS
    page = form.submit()
    form = form_of(page)
    token, code = form["csrf_token"].value, code_for(ADDRESS)
    body = {
        **{name: str(value) for name, value in EXTRA.items()},
        "csrf_token": token,
        "step": "finish",
        "kind": "individual",
        "address": ADDRESS,
        "code": code,
        "password": PASSWORD,
        "agree": "1",
    }
    web.post("/register", body, status=303)
    with site_house.database.snapshot() as db:
        member = db.scalars(select(Member)).one()
    assert (member.state, member.branch_id, member.merged_into) == ("active", None, None)
    assert member.totp_confirmed_at is None
    assert member.created_at.year == 2026


def test_neither_can_the_api(web, make_member, site_act, site_house):
    member_id = make_member()
    pair = web.post_json(
        "/api/v1/sessions", {"address": ADDRESS, "password": PASSWORD, **EXTRA}, status=201
    ).json
    bearer = {"Authorization": f"Bearer {pair['access_token']}"}
    web.patch_json("/api/v1/me", {**EXTRA, "kind": "group", "sex": "male"}, headers=bearer)
    me = web.get("/api/v1/me", headers=bearer).json
    assert (me["id"], me["kind"], me["sex"]) == (str(member_id), "individual", "male")
    assert not [name for name in me["permissions"] if name.startswith("staff")]
    with site_house.database.snapshot() as db:
        member = db.get_one(Member, member_id)
    assert (member.state, member.branch_id, member.merged_into) == ("active", None, None)


@pytest.mark.parametrize(
    "evil",
    [
        "https://evil.example/",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "/%0d%0aSet-Cookie:x",
        "http:evil.example",
    ],
)
@pytest.mark.parametrize("door", ["/sign-in", "/step-up"])
def test_no_door_leads_off_the_site(web, make_member, evil, door):
    make_member()
    if door == "/step-up":
        sign_in(web)
    form = form_of(web.get(door, {"next": evil}), "password")
    if door == "/sign-in":
        form["address"] = ADDRESS
    form["password"] = PASSWORD
    answer = form.submit(status=303)
    assert answer.location.startswith("http://localhost/")
    assert not answer.location.startswith("http://localhost//")
    assert "x" not in answer.headers.getall("Set-Cookie")


# What the log keeps.


def test_failed_proofs_are_logged_by_a_mark_of_the_account(house, join):
    member_id = join(ADDRESS)
    with capture_logs() as lines:
        for number in range(7):
            guess(house, f"wrong horse {number}", "203.0.113.7")
        guess(house, "wrong horse 1", "203.0.113.8", STRANGER)
    events = [(line["event"], line["proof"]) for line in lines]
    assert events == [
        *[("proof.failed", "sign_in")] * 5,
        *[("proof.locked", "sign_in")] * 2,
        ("proof.failed", "sign_in"),
    ]
    marks = [line["account"] for line in lines]
    assert len(set(marks[:7])) == 1
    assert marks[7] != marks[0]
    for secret in (ADDRESS, STRANGER, "8613", "wrong horse", "203.0.113", str(member_id)):
        assert secret not in str(lines)


def test_codes_never_reach_the_log(house, act, join, new_code, clock):
    with capture_logs() as lines:
        join(ADDRESS)
        clock.shift(120)
        code = new_code(ADDRESS, "sign_in")
        with house.database.transaction() as db, pytest.raises(SignInFailed):
            accounts(house, db).signing.authenticate(ADDRESS, Proof(code=code[::-1] + "1"), "h")
        act(lambda s: s.signing.authenticate(ADDRESS, Proof(code=code), "h"))
    assert code not in str(lines)
