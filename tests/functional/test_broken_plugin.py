"""A plugin that cannot be imported, on a production site: it is named and nobody else suffers."""

from __future__ import annotations

import json
import os
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pyotp
import pytest
from webtest import TestApp

from suwen import ENTRY_POINT_GROUP
from suwen.app import make_app
from suwen.kernel import house as kernel_house
from suwen.kernel import settings as kernel_settings
from suwen.kernel.plugins.host import PluginError, PluginHost
from tests.program import Program, get, get_json

DUMMIES = Path(__file__).parents[1] / "plugins"
NAME = "dummy_import_error"
CAUSE = "a_package_that_nobody_has"
HOST = "shop.example"


def production(url: str, folder: Path) -> kernel_settings.Settings:
    """Settings of a production site around demonstration data."""
    values = {
        "suwen.environment": "production",
        "suwen.base_url": f"https://{HOST}",
        "suwen.data_dir": str(folder),
        "suwen.database_url": url,
        "suwen.queue_url": "memory://",
        "suwen.secret_key": "x" * 40,
        "suwen.master_key": (folder / "master.key").read_text(encoding="ascii"),
    }
    return kernel_settings.load(values, environ={})


@pytest.fixture
def broken_site(demonstration, monkeypatch):
    """The site with all its plugins and a broken one, seen over HTTPS."""
    url, folder = demonstration
    monkeypatch.syspath_prepend(str(DUMMIES / NAME))
    host = PluginHost(strict=False)
    broken = EntryPoint(NAME, f"suwen_{NAME}", ENTRY_POINT_GROUP)
    host.load([*entry_points(group=ENTRY_POINT_GROUP), broken])
    house = kernel_house.build(production(url, folder), host=host)
    yield (
        TestApp(
            make_app(house),
            extra_environ={
                "wsgi.url_scheme": "https",
                "HTTP_HOST": HOST,
                "REMOTE_ADDR": "127.0.0.1",
            },
        ),
        folder,
    )
    house.close()


def test_admin_shows_its_name_and_cause(broken_site):
    site, folder = broken_site
    assert site.get("/").status_int == 200
    account = administrator(folder)
    form = form_with(site.get("/sign-in"), "address")
    form["address"], form["password"] = account["address"], account["password"]
    second = form_with(form.submit(), "totp")
    second["totp"] = pyotp.TOTP(account["totp_secret"]).now()
    second.submit(status=303)
    page = site.get("/admin/plugins")
    (row,) = [row for row in page.html.find_all("tr") if NAME in row.text]
    assert CAUSE in row.text
    assert "已隔离" in row.text
    assert row.find(class_="tone-bad")
    assert NAME in site.get("/admin").text
    assert site.get(f"/admin/plugins/{NAME}/4306").status_int == 200


def administrator(folder):
    """The demonstration's administrator."""
    found = json.loads((folder / "demo-accounts.json").read_text(encoding="utf-8"))
    return next(one for one in found if one["role"] == "administrator")


def form_with(page, name):
    """The page's form that has this field."""
    return next(form for form in page.forms.values() if name in form.fields)


def test_development_refuses_to_start_and_names_it(monkeypatch):
    monkeypatch.syspath_prepend(str(DUMMIES / NAME))
    host = PluginHost(strict=True)
    with pytest.raises(PluginError, match=f"{NAME}: ModuleNotFoundError: .*{CAUSE}"):
        host.load([EntryPoint(NAME, f"suwen_{NAME}", ENTRY_POINT_GROUP)])


@pytest.fixture
def installed(tmp_path):
    """A folder in which the broken plugin is installed, as pip would leave it."""
    folder = tmp_path / "site-packages"
    info = folder / f"{NAME}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{ENTRY_POINT_GROUP}]\n{NAME} = suwen_{NAME}\n")
    source = (DUMMIES / NAME / f"suwen_{NAME}.py").read_text(encoding="utf-8")
    (folder / f"suwen_{NAME}.py").write_text(source, encoding="utf-8")
    return folder


@pytest.mark.slow
@pytest.mark.sqlite
@pytest.mark.parametrize("options", [(), ("--no-plugins",)], ids=["broken", "safe-mode"])
def test_the_server_starts_in_production(demonstration, installed, options):
    url, folder = demonstration
    program = Program(folder, url)
    made = production(url, folder)
    program.env |= {
        "SUWEN_ENVIRONMENT": "production",
        "SUWEN_SIMULATOR_URL": "",
        "SUWEN_BASE_URL": made.base_url,
        "SUWEN_SECRET_KEY": made.secret_key,
        "SUWEN_MASTER_KEY": made.master_key,
        "PYTHONPATH": os.pathsep.join([str(installed), os.environ.get("PYTHONPATH", "")]),
    }
    try:
        site = program.start_site(*options)
        log = site.tail()
        assert ("plugin.quarantined" in log) is (not options)
        listed = program.json("plugin", "list")
        (row,) = [row for row in listed if row["id"] == NAME]
        assert CAUSE in row["error"]
    finally:
        program.stop()


@pytest.mark.slow
@pytest.mark.sqlite
def test_safe_mode_serves_the_shop(demonstration):
    url, folder = demonstration
    program = Program(folder, url)
    try:
        program.start_site("--no-plugins")
        assert "素问" in get(f"{program.url}/").decode()
        assert get_json(f"{program.url}/readyz")["status"] == "ok"
        assert get_json(f"{program.url}/api/v1/products")["items"] is not None
    finally:
        program.stop()
