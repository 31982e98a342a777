"""Alive and ready."""

import threading
import time

import pytest
from sqlalchemy import text

from suwen.kernel import migrations
from suwen.storefront import health
from suwen.storefront.health import NotReady, Readiness, probes


@pytest.fixture(autouse=True)
def at_head(monkeypatch):
    monkeypatch.setattr(migrations, "at_head", lambda house: True)


def test_alive_touches_nothing(app, house):
    house.database.dispose()

    response = app.get("/healthz")

    assert response.json == {"status": "ok"}
    assert response.headers["Cache-Control"] == "no-store"


def test_ready(app):
    response = app.get("/readyz")

    assert response.json == {"status": "ok", "failing": []}


def test_a_failing_part_is_named_with_503(app, house, monkeypatch):
    monkeypatch.setattr(migrations, "at_head", lambda house: False)

    response = app.get("/readyz", status=503)

    assert response.json == {"status": "failing", "failing": ["migrations"]}
    assert response.headers["Retry-After"] == "5"


def test_the_database_probe_writes_and_leaves_nothing(house):
    probe = probes(house)["database"]
    probe()
    probe()

    with house.database.snapshot() as session:
        assert session.scalar(text("SELECT count(*) FROM cache_version WHERE name = 'readyz'")) == 0


@pytest.mark.sqlite
def test_a_database_that_cannot_be_written_fails(house):
    probe = probes(house)["database"]
    with house.database.transaction() as session:
        session.execute(text("SELECT 1"))
        started = time.monotonic()
        with pytest.raises(Exception, match="locked"):
            probe()
        assert time.monotonic() - started < 2


@pytest.mark.sqlite
@pytest.mark.parametrize("part", ["storage", "disk", "queue"])
def test_each_other_part_can_fail(house, monkeypatch, part, tmp_path):
    def refuse(*args):
        raise OSError("no")

    if part == "storage":
        monkeypatch.setattr(house.files, "put", refuse)
    elif part == "queue":
        monkeypatch.setattr(house.jobs.huey.storage, "queue_size", refuse)
    else:
        monkeypatch.setattr(health, "MIN_FREE_BYTES", 2**62)

    with pytest.raises((OSError, NotReady)):
        probes(house)[part]()


def test_a_part_that_hangs_is_named_in_time_and_asked_only_once():
    hold, asked = threading.Event(), []

    def hang():
        asked.append(1)
        hold.wait(30)

    readiness = Readiness({"good": lambda: None, "stuck": hang}, deadline_s=0.2)
    started = time.monotonic()
    first = readiness.failing()
    readiness._last = None
    second = readiness.failing()
    took = time.monotonic() - started
    hold.set()

    assert first == second == ("stuck",)
    assert took < 1
    assert asked == [1]


def test_looks_are_reused_for_a_moment():
    asked = []
    readiness = Readiness({"part": lambda: asked.append(1)})

    assert readiness.failing() == readiness.failing() == ()
    assert asked == [1]
