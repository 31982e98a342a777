"""A house with two scorers: the adult form, and a small one whose versions a test can change."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from types import SimpleNamespace

import colander
import pytest
import time_machine
from pyramid.config import Configurator
from sqlalchemy import event
from webtest import TestApp

import suwen_scorer_ccmq.plugin as ccmq
from suwen.accounts.models import Member, Subject
from suwen.accounts.services import accounts
from suwen.app import ini_of
from suwen.hookspecs.common import PluginInfo
from suwen.hookspecs.questionnaire import (
    AdviceSection,
    AnswerOption,
    FormDefinition,
    ItemDefinition,
    ScaleScore,
    ScoreResult,
    ScorerInfo,
    SheetInvalid,
)
from suwen.kernel import crypto, ids
from suwen.kernel import house as kernel_house
from suwen.kernel import settings as kernel_settings
from suwen.kernel.audit import Actor
from suwen.kernel.plugins.host import PluginHost
from suwen.kernel.regions import DEFAULT_CODE
from suwen.kernel.sessions import Device
from suwen.questionnaires.services import Submission, Wish, questionnaires

YUEYANG = "4306"
ADULT = "t157-2009-adult"
SMALL = "small"
CONSENT = "2026-11"
GOOD = {1: 1, 2: 2, 3: 3}


class SmallScorer:
    """Three items, the last worded by sex; each is a scale of its own."""

    class Settings(colander.Schema):
        min_age = colander.SchemaNode(colander.Integer(), missing=18)
        weight = colander.SchemaNode(colander.Decimal(), missing=colander.drop)

    settings_schema = Settings

    def __init__(self):
        self.info = ScorerInfo("small", "1.0", SMALL, "1", "w1", "小问卷", "none", max_age=80)
        self.asked = []

    def form(self):
        texts = {"zh_CN": "题目", "en": "Item"}
        by_sex = {"female": {"zh_CN": "女题", "en": "W"}, "male": {"zh_CN": "男题", "en": "M"}}
        return FormDefinition(
            SMALL,
            self.info.form_version,
            {"zh_CN": "小问卷", "en": "Small form"},
            {"zh_CN": "说明", "en": "Intro"},
            (ItemDefinition(1, texts), ItemDefinition(2, texts), ItemDefinition(3, {}, by_sex)),
            tuple(AnswerOption(n, {"zh_CN": f"选{n}", "en": f"o{n}"}) for n in (1, 2, 3)),
        )

    def score(self, sheet, settings):
        self.asked.append((sheet, dict(settings)))
        found = {str(key): "unknown" for key in sheet.answers if key not in (1, 2, 3)}
        found |= {str(key): "missing" for key in (1, 2, 3) if key not in sheet.answers}
        for key, value in sheet.answers.items():
            if type(value) is not int:
                found[str(key)] = "not_an_integer"
            elif value not in (1, 2, 3):
                found[str(key)] = "out_of_range"
        if found:
            raise SheetInvalid(found)
        scores = tuple(
            ScaleScore(
                f"S{key}",
                f"量表{key}",
                value,
                Fraction(value * 100, 7),
                "是" if value == 3 else "否",
                None if value == 3 else 3 - value,
            )
            for key, value in sorted(sheet.answers.items())
        )
        types = tuple(score.scale for score in scores if score.verdict == "是")
        return ScoreResult(
            scores, types, (), "biased" if types else "undetermined", {"是": 40, "倾向是": 30}
        )

    def advise(self, result, locale):
        return [
            AdviceSection(code, f"量表{code[1]}", "特点", (("饮食", "清淡"),))
            for code in result.types
        ]

    def become(self, **changes):
        """Be another version of the package."""
        self.info = replace(self.info, **changes)


@pytest.fixture(autouse=True)
def clock():
    """Time stands still until ``clock.shift(seconds)``."""
    with time_machine.travel("2026-11-24T02:00:20+00:00", tick=False) as traveller:
        yield traveller


@pytest.fixture
def small():
    return SmallScorer()


@pytest.fixture
def house(database_url, tmp_path, small):
    host = PluginHost(strict=True)
    host.register("scorer_ccmq", ccmq, "1.0.0")
    info = PluginInfo("scorer_small", "小问卷", "questionnaire")
    module = SimpleNamespace(plugin_info=info, suwen_questionnaire_scorers=lambda: [small])
    host.register("scorer_small", module, "1")
    values = {
        "suwen.environment": "development",
        "suwen.data_dir": str(tmp_path),
        "suwen.database_url": database_url,
        "suwen.queue_url": "memory://",
    }
    built = kernel_house.build(kernel_settings.load(values, environ={}), host=host)
    crypto.KeyBase.metadata.create_all(built.vault.store.engine)
    with built.database.transaction() as session:
        built.regions.add(session, DEFAULT_CODE, "全国", [""])
        built.regions.add(session, YUEYANG, "岳阳市", [YUEYANG])
        for plugin in host.plugins:
            built.switch.set_state(session, DEFAULT_CODE, plugin, "enabled")
    yield built
    built.close()


@pytest.fixture
def add_member(house):
    """``add_member(sex=…, born=…, consent=True)``: its id."""

    def add(*, sex=None, born=None, consent=True):
        member_id = ids.new_id()
        with house.database.transaction() as db:
            db.add(Member(id=member_id, display_name="138****5678", totp_last_step=0))
            db.flush()
            db.add(Subject(id=ids.new_id(), member_id=member_id, relation="self"))
            db.flush()
            people = accounts(house, db)
            if sex or born:
                people.profiles.update(
                    member_id, {"sex": sex, "birth_date": born and date.fromisoformat(born)}
                )
            if consent:
                subject = people.subject_of(member_id)
                people.consents.give(subject, "sensitive_data", Actor("member", member_id))
        return member_id

    return add


@pytest.fixture
def member(add_member):
    return add_member(sex="female", born="1990-05-01")


@pytest.fixture
def act(house):
    """``act(lambda service: …)`` in a transaction of its own."""

    def run(step):
        with house.database.transaction() as db:
            return step(questionnaires(house, db))

    return run


@pytest.fixture
def begin(act):
    """Begin a form; the session's public id."""

    def run(member_id, form=SMALL, region=DEFAULT_CODE, **wish):
        actor = Actor("member", member_id)
        row = act(lambda s: s.begin(member_id, region, form, Wish(**wish), actor))
        return row.public_id

    return run


@pytest.fixture
def submit(act):
    """Submit answers of a session; the result."""

    def run(member_id, public_id, answers=GOOD):
        actor = Actor("member", member_id)
        return act(lambda s: s.submit(member_id, public_id, Submission(answers), actor))

    return run


@pytest.fixture
def read(act):
    """Read a result as its owner."""

    def run(member_id, public_id):
        actor = Actor("member", member_id)
        return act(lambda s: s.results.read(member_id, public_id, actor))

    return run


@pytest.fixture
def switch(house):
    """Move the switch of a scorer: ``switch("draining")``."""

    def move(state, plugin="scorer_small", region=DEFAULT_CODE):
        with house.database.transaction() as db:
            house.switch.set_state(db, region, plugin, state)

    return move


@pytest.fixture
def uninstall(house):
    """Take a scorer's package away."""
    return lambda plugin="scorer_small": house.host.scorers.discard(plugin)


INCLUDES = (
    "suwen.kernel.i18n",
    "suwen.kernel.web",
    "suwen.kernel.themes",
    "suwen.api",
    "suwen.storefront",
    "suwen.accounts.staffing.permissions",
    "suwen.messaging",
    "suwen.accounts",
    "suwen.questionnaires",
)


@pytest.fixture
def wsgi(house):
    """The site with accounts and questionnaires."""
    config = Configurator(settings=ini_of(house))
    config.registry.house = house
    for name in INCLUDES:
        config.include(name)
    return config.make_wsgi_app()


@pytest.fixture
def web(wsgi):
    """A browser."""
    return TestApp(wsgi)


@pytest.fixture
def sign_in(house, web):
    """Sign the browser in as a member."""

    def run(member_id):
        with house.database.transaction() as db:
            token = accounts(house, db).open_browser_session(member_id, Device("test", "0" * 64))
        web.set_cookie("dev-session", token)

    return run


@pytest.fixture
def app_of(house, wsgi):
    """The APP of a member: a caller with his access token, or a visitor's."""

    def run(member_id=None):
        caller = TestApp(wsgi)
        if member_id is not None:
            with house.database.transaction() as db:
                tokens = accounts(house, db).tokens.sign_in(member_id, Device("app", "0" * 64))
            caller.authorization = ("Bearer", tokens.access_token)
        return caller

    return run


@pytest.fixture
def statements(house):
    """Statements that the program's database has seen since ``clear()``."""
    seen = []

    def note(conn, cursor, statement, *_):
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    event.listen(house.database.engine, "before_cursor_execute", note)
    yield seen
    event.remove(house.database.engine, "before_cursor_execute", note)
