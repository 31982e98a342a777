"""The whole site in this process, with demonstration data and the provider beside it.

Migrating and loading the demonstration happens once per kind of database; every test gets a copy of
database and data folder, and its own application and simulator around them.
"""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from webob import Request
from webtest import TestApp

from suwen import cli, demo
from suwen.app import make_app
from suwen.kernel import house as kernel_house
from suwen.kernel.house import House
from suwen.kernel.plugins.host import PluginHost
from suwen.testing.databases import PostgresDatabases, SqliteDatabases
from suwen.testing.fixtures import migrate
from suwen.testing.http import WsgiTransport
from suwen_dev_simulator.app import SimulatorApp
from suwen_dev_simulator.faults import Faults
from tests.fixtures_app import development_settings
from tests.functional.client import Client

BASE_URL = "http://127.0.0.1:6543"
SIMULATOR_URL = "http://127.0.0.1:6544"
Host = PluginHost | None


def opened(url: str, folder: Path, host: Host = None, transport: Any = None) -> tuple[House, Any]:
    """A house with every domain, and its application."""
    house = kernel_house.build(development_settings(url, folder), host=host, transport=transport)
    return house, make_app(house)


class Market:
    """A site with its provider, and the people who use it."""

    def __init__(self, url: str, folder: Path, host: Host = None) -> None:
        """Open the site at ``url`` with the files in ``folder``."""
        self.url, self.folder = url, folder
        self.answers: list[tuple[int, bytes]] = []
        self.notices: list[tuple[str, dict[str, str], bytes]] = []
        self.simulator = SimulatorApp(folder / "simulator", SIMULATOR_URL, send=self._send)
        self.transport = WsgiTransport({SIMULATOR_URL: self.simulator})
        self.house, self.app = opened(url, folder, host, self.transport)

    def _send(self, url: str, headers: Any, body: bytes) -> tuple[int, bytes]:
        """A notification on its way from the provider to the site."""
        self.notices.append((url, dict(headers), body))
        return self.notify(url, headers, body)

    def notify(self, url: str, headers: Any, body: bytes) -> tuple[int, bytes]:
        """Post a notification to the site."""
        request = Request.blank(url, method="POST", headers=dict(headers), body=body)
        request.environ["REMOTE_ADDR"] = "127.0.0.1"
        response = request.get_response(self.app)
        self.answers.append((response.status_int, response.body))
        return response.status_int, response.body

    def command(self, *words: str, status: int = 0) -> Any:
        """A ``suwen`` command, with a house of its own as another process has; its JSON answer."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            ended = cli.main(["-c", str(self.ini()), *words, "--json"])
        assert ended == status, f"{words}: {ended} {out.getvalue()}"
        return json.loads(out.getvalue()) if status == 0 else None

    def ini(self) -> Path:
        """The site as a file of settings."""
        written = self.folder / "test.ini"
        lines = ["[app:main]", "suwen.environment = development"]
        lines += [f"suwen.data_dir = {self.folder}", f"suwen.database_url = {self.url}"]
        lines += ["suwen.queue_url = memory://", f"suwen.simulator_url = {SIMULATOR_URL}"]
        written.write_text("\n".join(lines), encoding="utf-8")
        return written

    def close(self) -> None:
        """Close connections of the site and books of the provider."""
        self.simulator.close()
        self.house.close()

    def client(self) -> Client:
        """Somebody with a new APP."""
        return Client(self)

    def browser(self) -> TestApp:
        """Somebody with a new browser."""
        return TestApp(
            self.app, extra_environ={"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "127.0.0.1:6543"}
        )

    def account(self, name: str) -> dict[str, Any]:
        """The demonstration account whose address begins with ``name``."""
        found = json.loads((self.folder / "demo-accounts.json").read_text(encoding="utf-8"))
        account: dict[str, Any] = next(a for a in found if a["address"].startswith(f"{name}@"))
        return account

    def faults(self, **wish: Any) -> None:
        """How the provider misbehaves from now on."""
        self.simulator.faults.set(Faults.read(wish))

    def pay(self, number: str, outcome: str = "paid") -> list[tuple[int, bytes]]:
        """What the buyer does at the cashier, and what the site answered to the notifications."""
        before = len(self.answers)
        payment = self.simulator.till.find(number)
        assert payment is not None, number
        self.simulator.till.act(payment, outcome)
        self.simulator.deliver_due()
        return self.answers[before:]

    def work(self) -> None:
        """Do everything that the outbox holds now."""
        self.house.outbox.drain()

    def ledger(self) -> Any:
        """The ledger's verdict."""
        from suwen.ledger.services import ledger

        with self.house.database.snapshot() as db:
            return ledger(self.house, db).verify()

    def balances(self) -> dict[str, int]:
        """All accounts of the ledger, by code."""
        return {account.code: account.balance_fen for account in self.ledger().accounts}

    def check_books(self) -> None:
        """Ledger and audit log are what they should be."""
        verdict = self.ledger()
        assert verdict.ok, verdict.fault
        with self.house.database.snapshot() as db:
            assert self.house.audit.verify(db).ok


class DemoTemplates:
    """One loaded demonstration per kind of database."""

    def __init__(self, root: Path) -> None:
        """Templates stand below ``root``."""
        self._root = root
        self._made: dict[str, tuple[Any, Path]] = {}

    def of(self, kind: str, make: Callable[[Any], Any]) -> tuple[Any, Path]:
        """The maker of databases of ``kind``, and the data folder that goes with them."""
        if kind not in self._made:
            folder = self._root / kind
            folder.mkdir()
            self._made[kind] = (make(lambda url: self._build(url, folder)), folder)
        return self._made[kind]

    def _build(self, url: str, folder: Path) -> None:
        migrate(url, folder)
        SimulatorApp(folder / "simulator", SIMULATOR_URL).close()
        house, _app = opened(url, folder)
        try:
            assert demo.load(house) == []
        finally:
            house.close()

    def close(self) -> None:
        """Drop databases."""
        for databases, _folder in self._made.values():
            databases.close()


@pytest.fixture(scope="session")
def demo_templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoTemplates]:
    """Loaded demonstrations."""
    made = DemoTemplates(tmp_path_factory.mktemp("demo"))
    yield made
    made.close()


@pytest.fixture
def demonstration(
    database_kind: str,
    demo_templates: DemoTemplates,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[tuple[str, Path]]:
    """URL of a database with demonstration data, and its data folder."""

    def make(build: Any) -> Any:
        if database_kind == "sqlite":
            return SqliteDatabases(
                request.getfixturevalue("tmp_path_factory").mktemp("demo"), build
            )
        return PostgresDatabases(request.getfixturevalue("postgres_server").url, build)

    databases, template = demo_templates.of(database_kind, make)
    url = databases.migrated()
    folder = tmp_path / "data"
    shutil.copytree(template, folder)
    yield url, folder
    databases.drop(url)


@pytest.fixture
def market(demonstration: tuple[str, Path]) -> Iterator[Market]:
    """A site in this process; its books are proved right at the end."""
    made = Market(*demonstration)
    yield made
    made.check_books()
    made.close()
