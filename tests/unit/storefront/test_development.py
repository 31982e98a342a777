"""Development surfaces fail closed."""

import json

import pytest
from pyramid.config import Configurator
from webtest import TestApp

from suwen.kernel import house as kernel_house
from suwen.kernel.db import metadata
from suwen.messaging.models import ConsoleMessage

PATHS = ("/_dev/outbox.json", "/_dev/accounts.json", "/_dev/kits.json")


@pytest.mark.sqlite
@pytest.mark.parametrize("path", PATHS)
def test_lists_are_empty_before_anything_happened(app, path):
    response = app.get(path)

    assert response.json == {"items": []}
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.sqlite
def test_what_the_demonstration_wrote_is_shown(app, house):
    account = {"role": "admin", "address": "a@example.com", "password": "p", "totp_secret": "s"}
    house.settings.path("demo-accounts.json").write_text(json.dumps([account]))

    assert app.get("/_dev/accounts.json").json == {"items": [account]}


def test_console_messages_are_shown_oldest_first(app, house):
    with house.database.transaction() as session:
        for code in ("111111", "222222"):
            session.add(
                ConsoleMessage(channel="sms", address="+86138", text=f"code {code}", code=code)
            )
            session.flush()

    items = app.get("/_dev/outbox.json").json["items"]

    assert [item["code"] for item in items] == ["111111", "222222"]
    assert set(items[0]) == {"channel", "address", "text", "code", "at"}


@pytest.mark.sqlite
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("host", ["evil.example", "evil.example:6543", "127.0.0.1.evil.example"])
def test_another_name_for_this_machine_is_refused(app, path, host):
    app.get(path, headers={"Host": host}, status=404)


@pytest.mark.sqlite
def test_they_do_not_exist_in_production(empty_database_url, tmp_path, policy):
    house = kernel_house.build(policy.production(empty_database_url, tmp_path))
    metadata.create_all(house.database.engine)
    config = Configurator()
    config.registry.house = house
    config.set_security_policy(policy)
    for name in ("suwen.kernel.web", "suwen.storefront.development"):
        config.include(name)
    app = TestApp(config.make_wsgi_app())

    for path in PATHS:
        app.get(path, status=404)
    house.close()
