"""The same call twice happens once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select, update
from webtest import TestApp

from suwen.api.idempotency import IdempotencyKey, prune
from suwen.kernel import clock

GOOD = {"items": [{"sku_id": "12", "quantity": 2}]}


def call(app, body=None, key="k-1", member=7, path="/api/v1/orders", status="*"):
    headers = {"Authorization": f"Bearer {member}", "Idempotency-Key": key}
    return app.post_json(path, GOOD if body is None else body, headers=headers, status=status)


def keys(house):
    with house.database.snapshot() as session:
        return session.scalar(select(func.count()).select_from(IdempotencyKey))


def test_the_second_call_gets_the_first_answer(app, counted):
    first, second = call(app), call(app)

    assert (second.status_code, second.body) == (201, first.body)
    assert second.content_type == first.content_type
    assert second.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert counted() == ["order"]


def test_without_a_key_every_call_counts(app, counted):
    for _ in range(2):
        app.post_json("/api/v1/orders", GOOD, headers={"Authorization": "Bearer 7"})

    assert counted() == ["order", "order"]


def test_another_body_is_a_mismatch(app, counted):
    call(app)

    response = call(app, {**GOOD, "note": "other"})

    assert response.status_code == 422
    assert response.json["code"] == "idempotency_mismatch"
    assert counted() == ["order"]


def test_the_same_content_spelt_differently_is_the_same_body(app, counted):
    headers = {
        "Authorization": "Bearer 7",
        "Idempotency-Key": "k",
        "Content-Type": "application/json",
    }
    app.post("/api/v1/orders", b'{"items":[{"sku_id":"1","quantity":2}]}', headers=headers)
    app.post("/api/v1/orders", b'{"items": [{"quantity": 2, "sku_id": "1"}]}', headers=headers)

    assert counted() == ["order"]


def test_the_key_of_another_operation_is_a_mismatch(app):
    call(app)

    assert call(app, path="/api/v1/steps").json["code"] == "idempotency_mismatch"


def test_keys_belong_to_their_member(app, counted):
    call(app, member=7)
    call(app, member=8)

    assert counted() == ["order", "order"]


@pytest.mark.parametrize("key", ["", " ", "a" * 256, "a b", "schlüssel"])
def test_what_is_no_key_is_refused(app, key):
    response = call(app, key=key.encode().decode("latin-1"))

    assert response.status_code == 400
    assert response.json["code"] == "idempotency_key_invalid"


@pytest.mark.parametrize(("note", "status"), [("conflict", 409), ("crash", 500)])
def test_errors_are_not_kept(app, house, counted, note, status):
    assert call(app, {**GOOD, "note": note}).status_code == status
    assert keys(house) == 0

    call(app, GOOD, status=201)
    assert counted() == ["order"]


def test_an_invalid_body_uses_no_key(app, house):
    call(app, {"items": []}, status=422)

    assert keys(house) == 0


def test_the_stored_answer_is_sealed(app, house):
    call(app)

    with house.database.snapshot() as session:
        body = session.scalars(select(IdempotencyKey.body)).one()
    assert b"N1" not in body


def test_parallel_calls_execute_once(wsgi, bench, counted):
    barrier = threading.Barrier(4)

    def one(_):
        barrier.wait()
        return call(TestApp(wsgi))

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(one, range(4)))

    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.body for answer in answers}) == 1
    assert counted() == ["order"]


def test_uploads_are_compared_by_their_parts(app, counted):
    headers = {"Authorization": "Bearer 7", "Idempotency-Key": "k"}
    for _ in range(2):
        files = [("document", "a.pdf", b"content")]
        app.post("/api/v1/uploads", {"title": "t"}, upload_files=files, headers=headers)
    assert counted() == ["upload"]

    other = [("document", "a.pdf", b"changed")]
    app.post("/api/v1/uploads", {"title": "t"}, upload_files=other, headers=headers, status=422)


def test_a_call_in_steps_is_kept_as_well(app, counted):
    first = call(app, path="/api/v1/steps")
    second = call(app, path="/api/v1/steps")

    assert second.body == first.body
    assert counted() == ["answered", "stepped"]


def test_a_call_that_fails_after_a_step_gives_its_key_back(app, bench, house, counted):
    bench.fail_after_step = True
    assert call(app, path="/api/v1/steps").status_code == 409
    assert keys(house) == 0

    bench.fail_after_step = False
    assert call(app, path="/api/v1/steps").status_code == 201
    assert counted() == ["answered", "stepped", "stepped"]


def test_between_the_steps_a_second_call_is_told_to_wait(wsgi, app, bench):
    inside = []
    bench.before_answer = lambda: inside or inside.append(call(TestApp(wsgi), path="/api/v1/steps"))

    call(app, path="/api/v1/steps", status=201)

    assert inside[0].status_code == 409
    assert inside[0].json["code"] == "idempotency_in_progress"
    assert inside[0].headers["Retry-After"] == "2"


def test_a_call_that_died_between_steps_is_taken_over_after_its_lease(app, house, counted):
    call(app, path="/api/v1/steps")
    with house.database.transaction() as session:
        session.execute(update(IdempotencyKey).values(status=None, body=None))

    assert call(app, path="/api/v1/steps").status_code == 409
    with time_machine.travel(clock.now() + timedelta(seconds=61), tick=False):
        assert call(app, path="/api/v1/steps").status_code == 201
    assert counted().count("answered") == 2


def test_old_keys_are_pruned(app, house, counted):
    with time_machine.travel(clock.now() - timedelta(hours=25), tick=False):
        call(app, key="old")
    call(app, key="new")

    house.jobs.run_periodic("api.prune_idempotency_keys")

    assert keys(house) == 1
    assert prune(house.database) == 0
