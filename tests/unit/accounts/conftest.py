"""A small site with accounts and messaging only, on SQLite and on PostgreSQL."""

from __future__ import annotations

from types import SimpleNamespace

import colander
import pytest
import time_machine
from argon2 import PasswordHasher
from pyramid.config import Configurator
from pyramid.response import Response
from webtest import TestApp

from suwen.accounts import install as install_accounts
from suwen.accounts.contacts import parse
from suwen.accounts.passwords import Passwords
from suwen.accounts.services import Registration, accounts
from suwen.app import ini_of
from suwen.hookspecs.common import PluginInfo
from suwen.hookspecs.push import Category, ChannelInfo, Outcome, SendResult
from suwen.kernel import crypto
from suwen.kernel import house as kernel_house
from suwen.kernel import settings as kernel_settings
from suwen.kernel.plugins.host import PluginHost
from suwen.kernel.regions import DEFAULT_CODE
from suwen.messaging import install as install_messaging

PASSWORD = "correct horse 42"


class Recorder:
    """A channel that keeps what it was given and answers as it is told."""

    settings_schema = colander.MappingSchema

    def __init__(self, code, address_kind):
        self.info = ChannelInfo(code, code, address_kind, frozenset(Category))
        self.sent = []
        self.answers = []

    def check(self, ctx):
        return ()

    def validate_address(self, value):
        return value

    def render(self, ctx, message, default):
        return default

    def send(self, ctx, jobs):
        self.sent += jobs
        answer = self.answers.pop(0) if self.answers else Outcome.ACCEPTED
        if isinstance(answer, Exception):
            raise answer
        return [SendResult(job.delivery_id, answer) for job in jobs]


class Channels:
    def __init__(self):
        self.inbox = Recorder("t_inbox", "member")
        self.phone = Recorder("t_phone", "phone")
        self.email = Recorder("t_email", "email")

    def module(self, channel):
        info = PluginInfo(channel.info.code, channel.info.code, "push")
        return SimpleNamespace(plugin_info=info, suwen_push_channels=lambda: [channel])


def build_house(url, folder, channels):
    host = PluginHost(strict=True)
    for channel in (channels.inbox, channels.phone, channels.email):
        host.register(channel.info.code, channels.module(channel), "1")
    values = {
        "suwen.environment": "development",
        "suwen.data_dir": str(folder),
        "suwen.database_url": url,
        "suwen.queue_url": "memory://",
    }
    house = kernel_house.build(kernel_settings.load(values, environ={}), host=host)
    crypto.KeyBase.metadata.create_all(house.vault.store.engine)
    house.ports["passwords"] = Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    with house.database.transaction() as session:
        house.regions.add(session, DEFAULT_CODE, "全国", [""])
        house.regions.add(session, "4306", "岳阳市", ["4306"])
        for plugin in host.plugins:
            house.switch.set_state(session, DEFAULT_CODE, plugin, "enabled")
            house.switch.set_state(session, "4306", plugin, "enabled")
    return house


@pytest.fixture(autouse=True)
def clock():
    """Time stands still in the middle of a minute; ``clock.shift(seconds)`` moves it."""
    with time_machine.travel("2026-11-24T02:00:20+00:00", tick=False) as traveller:
        yield traveller


@pytest.fixture
def channels():
    return Channels()


@pytest.fixture
def bare_house(database_url, tmp_path, channels):
    """A house whose domains are not installed: a site's includeme does it."""
    house = build_house(database_url, tmp_path, channels)
    yield house
    house.close()


@pytest.fixture
def house(bare_house):
    install_messaging(bare_house)
    install_accounts(bare_house)
    return bare_house


@pytest.fixture
def act(house):
    """``act(lambda service: …)`` in a transaction of its own."""

    def run(step):
        with house.database.transaction() as db:
            return step(accounts(house, db))

    return run


@pytest.fixture
def new_code(act, house, channels):
    """Ask for a code and read it where it arrives."""

    def ask(address, purpose, network="198.51.100.7"):
        act(lambda s: s.request_code(address, purpose, network=network, region=DEFAULT_CODE))
        house.outbox.drain()
        sent = channels.email.sent if "@" in address else channels.phone.sent
        return sent[-1].code

    return ask


@pytest.fixture
def join(act, new_code):
    """Register a member; his id."""

    def register(address="13812345678", password=PASSWORD, **fields):
        code = new_code(address, "register")
        wanted = Registration(address, code, password, DEFAULT_CODE, **fields)
        return act(lambda s: s.register(wanted, "198.51.100.7")).id

    return register


INCLUDES = (
    "suwen.kernel.i18n",
    "suwen.kernel.web",
    "suwen.kernel.themes",
    "suwen.api",
    "suwen.storefront",
    "suwen.admin",
    "suwen.accounts.staffing.permissions",
    "suwen.messaging",
    "suwen.accounts",
)


def probe(request):
    """A page of each kind, to see who may open it."""
    identity = request.identity
    return Response(json={"member": str(identity.member_id) if identity else None})


@pytest.fixture
def wsgi(bare_house):
    """The site with accounts alone, and pages that want each kind of permission."""
    config = Configurator(settings=ini_of(bare_house))
    config.registry.house = bare_house
    for name in INCLUDES:
        config.include(name)
    pages = {
        "/open": "public",
        "/mine": "member",
        "/admin": "staff",
        "/admin/finance": "staff.finance",
        "/admin/audit": "staff.audit",
        "/undeclared": None,
    }
    for path, permission in pages.items():
        config.add_route(path, path)
        options = {} if permission is None else {"permission": permission}
        for method in ("GET", "POST"):
            config.add_view(probe, route_name=path, request_method=method, **options)

    def sensitive(request):
        request.require_step_up()
        return Response("secret")

    config.add_route("sensitive", "/sensitive")
    config.add_view(sensitive, route_name="sensitive", request_method="GET", permission="member")
    return config.make_wsgi_app()


@pytest.fixture
def web(wsgi):
    """A visitor's browser."""
    return TestApp(wsgi, extra_environ={"REMOTE_ADDR": "198.51.100.9"})


@pytest.fixture
def site_house(wsgi, bare_house):
    """The house of the site."""
    return bare_house


@pytest.fixture
def code_for(site_house, channels):
    """The code that arrived last at an address."""

    def read(address):
        site_house.outbox.drain()
        sent = channels.email.sent if "@" in address else channels.phone.sent
        return next(job.code for job in reversed(sent) if address in job.address)

    return read


@pytest.fixture
def site_act(site_house):
    def run(step):
        with site_house.database.transaction() as db:
            return step(accounts(site_house, db))

    return run


@pytest.fixture
def make_member(site_act):
    """A member without the detour by a code; his id."""

    def make(address="13812345678", password=PASSWORD, **fields):
        contact = parse(address)
        wanted = Registration(address, "", password, DEFAULT_CODE, **fields)
        return site_act(lambda s: s.create(contact, wanted, s._passwords.hash(password))).id

    return make


def form_of(page, field="step"):
    """The form that has a field of this name."""
    return next(form for form in page.forms.values() if field in form.fields)


def sign_in(browser, address="13812345678", password=PASSWORD, **query):
    """Sign a browser in by the page."""
    form = form_of(browser.get("/sign-in", query))
    form["address"], form["password"] = address, password
    return form.submit(expect_errors=True)
