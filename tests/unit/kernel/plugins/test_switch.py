"""The regional switch and its cache."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

import colander
import pytest
from sqlalchemy import select

from suwen.hookspecs.lifecycle import Event
from suwen.kernel.outbox import OutboxItem
from suwen.kernel.plugins import mount
from suwen.kernel.plugins.models import RegionPlugin
from suwen.kernel.plugins.switch import PluginUnusable, UnknownPlugin

pytest_plugins = ["tests.fixtures_surfaces"]

GOOD = {"sender": "a@example.com", "api_key": "s3cret-key"}


def store(house, region="4306", values=GOOD):
    item = house.host.channels.get("dummy_disabled")
    with house.database.transaction() as session:
        house.switch.store_settings(session, region, item, values)


def state(house, region="4306"):
    with house.database.snapshot() as session:
        return house.switch.offering(session, region).state("dummy_disabled")


def test_without_a_row_everything_is_off(house_with):
    assert state(house_with("disabled")) == "disabled"


def test_it_cannot_be_enabled_without_its_settings(house_with):
    house = house_with("disabled")
    with (
        pytest.raises(PluginUnusable) as refused,
        house.database.transaction() as session,
    ):
        house.switch.set_state(session, "4306", "dummy_disabled", "enabled")

    assert set(refused.value.fields) == {"dummy_disabled.sender", "dummy_disabled.api_key"}
    assert state(house) == "disabled"


def test_a_switch_counts_in_its_region_only(house_with):
    house = house_with("disabled")
    store(house)
    with house.database.transaction() as session:
        house.switch.set_state(session, "4306", "dummy_disabled", "enabled")

    assert state(house) == "enabled"
    assert state(house, "100000") == "disabled"


def test_unknown_plugins_and_states_are_refused(house_with):
    house = house_with("disabled")
    with house.database.transaction() as session:
        with pytest.raises(UnknownPlugin):
            house.switch.set_state(session, "4306", "nothing", "enabled")
        with pytest.raises(ValueError, match="half"):
            house.switch.set_state(session, "4306", "dummy_disabled", "half")


def test_what_was_rolled_back_is_in_no_cache(house_with):
    """Read inside the transaction, undone, then another change takes the same version number."""
    house = house_with("disabled")
    store(house)
    session = house.database._own()
    house.switch.set_state(session, "4306", "dummy_disabled", "enabled")
    assert house.switch.offering(session, "4306").state("dummy_disabled") == "enabled"
    session.rollback()
    session.close()

    store(house, "100000")

    assert state(house) == "disabled"


def test_secrets_are_sealed_and_empty_ones_kept(house_with):
    house = house_with("disabled")
    store(house)
    store(house, values={"sender": "b@example.com", "api_key": ""})

    with house.database.snapshot() as session:
        row = session.scalars(select(RegionPlugin)).one()
        settings = house.switch.settings(session, "4306", house.host.channels.get("dummy_disabled"))
    assert "s3cret-key" not in str(row.config)
    assert b"s3cret-key" not in row.secrets
    assert settings == {"sender": "b@example.com", "api_key": "s3cret-key", "per_hour": 100}


def test_bad_settings_are_refused(house_with):
    house = house_with("disabled")
    with pytest.raises(colander.Invalid):
        store(house, values={"sender": "", "api_key": "x"})


def test_a_clone_has_states_and_secrets_of_its_own(house_with):
    house = house_with("disabled")
    store(house)
    with house.database.transaction() as session:
        house.switch.set_state(session, "4306", "dummy_disabled", "enabled")
        house.regions.add(session, "4301", "长沙市", ["4301"])
        house.switch.clone(session, "4306", "4301")

    assert state(house, "4301") == "enabled"
    item = house.host.channels.get("dummy_disabled")
    with house.database.snapshot() as session:
        assert house.switch.settings(session, "4301", item)["api_key"] == "s3cret-key"


def test_what_drains_has_nothing_to_drain_in_a_clone(house_with):
    house = house_with("disabled")
    store(house)
    with house.database.transaction() as session:
        house.switch.set_state(session, "4306", "dummy_disabled", "draining")
        house.regions.add(session, "4301", "长沙市", ["4301"])
        house.switch.clone(session, "4306", "4301")

    assert (state(house), state(house, "4301")) == ("draining", "disabled")


def event():
    return Event("order_paid", "order:1", "4306", datetime(2026, 11, 22, tzinfo=UTC), {"order": 1})


def test_a_slow_listener_holds_nobody_up(house_with):
    """Publishing writes a row; the plugin itself is called from the outbox."""
    house = house_with("slow")
    import suwen_dummy_slow as slow

    slow.calls.clear()
    slow.go_on.clear()
    with house.database.transaction() as session:
        house.switch.set_state(session, "4306", "dummy_slow", "enabled")
        started = time.monotonic()
        mount.queue_event(house, session, event())
        assert time.monotonic() - started < 1
    assert slow.calls == []

    house.outbox.handler(mount.KIND, lambda payload: mount.deliver_event(house, payload))
    worker = threading.Thread(target=house.outbox.drain)
    worker.start()
    while not slow.calls:
        time.sleep(0.01)
    with house.database.transaction() as session:  # nothing is locked while it takes its time
        assert session.scalars(select(OutboxItem.state)).all() == ["leased"]
    slow.go_on.set()
    worker.join(5)
    assert slow.calls == ["event order_paid"]


def test_a_listener_that_is_off_hears_nothing(house_with):
    house = house_with("slow")
    import suwen_dummy_slow as slow

    slow.calls.clear()
    slow.go_on.set()
    house.outbox.handler(mount.KIND, lambda payload: mount.deliver_event(house, payload))
    with house.database.transaction() as session:
        mount.queue_event(house, session, event())
    house.outbox.drain()

    assert slow.calls == []
