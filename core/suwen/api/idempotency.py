"""``Idempotency-Key``: the same call sent twice happens once and is answered twice.

The key's row is written in the request's transaction, together with what the call does: either both
stand or neither. A second call with the same key waits for that transaction on the unique index.
Some calls commit in steps, because a provider is asked outside any transaction. Their row is
visible before it has an answer; a lease then tells a call that is running from one that died.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from pyramid.response import Response
from sqlalchemy import Integer, LargeBinary, String, UniqueConstraint, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column
from transaction.interfaces import NoTransaction

from suwen.kernel import clock, ids
from suwen.kernel.db import Base, WithId
from suwen.kernel.errors import Conflict, Invalid
from suwen.kernel.i18n import _
from suwen.kernel.upsert import insert_once

if TYPE_CHECKING:
    from pyramid.request import Request
    from sqlalchemy.orm import Session

    from suwen.kernel.db import Database

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
KEEP: Final = timedelta(hours=24)
LEASE: Final = timedelta(seconds=60)
PRUNE_AT_ONCE: Final = 1000

_KEY = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)


class IdempotencyKey(WithId, Base):
    """One call by its key. ``status`` is empty until it is answered; ``body`` is sealed."""

    __tablename__ = "idempotency_key"

    actor: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(255))
    request_hash: Mapped[str] = mapped_column(String(64))
    claim: Mapped[str] = mapped_column(String(50))
    lease_until: Mapped[datetime]
    status: Mapped[int | None] = mapped_column(Integer)
    content_type: Mapped[str] = mapped_column(String(100), default="")
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(index=True)

    __table_args__ = (UniqueConstraint("actor", "key"),)


class KeyInvalid(Invalid):
    """The header is no key."""

    status = 400
    code = "idempotency_key_invalid"
    message = _("Idempotency-Key 应为 1 到 255 个可见的 ASCII 字符")


class KeyMismatch(Invalid):
    """The key was used for another call."""

    code = "idempotency_mismatch"
    message = _("这个 Idempotency-Key 已用于另一个请求")


class InProgress(Conflict):
    """The first call with this key is still running."""

    code = "idempotency_in_progress"
    message = _("同一请求正在处理，请稍后再试")
    retry_after_s = 2


def once(request: Request, run: Callable[[], Response]) -> Response:
    """Answer with ``run()`` at the first call of a key and with the stored answer later.

    Without the header ``run`` simply runs. Answers of 400 and above are not kept.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return run()
    if not _KEY.fullmatch(key):
        raise KeyInvalid
    row = _claim(request, key)
    if row.status is not None:
        return _stored(request, row)
    transaction = request.tm.get()
    try:
        response = run()
    except Exception:
        _release_if_visible(request, row, transaction)
        raise
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        _release_if_visible(request, row, transaction)
        return response
    _keep(request, row, response)
    if request.tm.get() is not transaction:
        release = _releaser(request, row)
        request.tm.get().addAfterCommitHook(lambda done: None if done else release())
    return response


def _claim(request: Request, key: str) -> IdempotencyKey:
    """Our new row, or the one that stands; raises ``KeyMismatch`` or ``InProgress``."""
    db, actor, digest = request.db, actor_of(request), request_hash(request)
    moment, claim = clock.now(), ids.token()
    values = {
        "id": ids.new_id(),
        "actor": actor,
        "key": key,
        "request_hash": digest,
        "claim": claim,
        "lease_until": moment + LEASE,
        "content_type": "",
        "created_at": moment,
    }
    if insert_once(db, IdempotencyKey, values, "actor", "key"):
        return IdempotencyKey(**values)
    found = select(IdempotencyKey).where(IdempotencyKey.actor == actor, IdempotencyKey.key == key)
    row: IdempotencyKey = db.scalars(found.with_for_update()).one()
    if row.request_hash != digest:
        raise KeyMismatch
    if row.status is None:
        if row.lease_until > moment:
            raise InProgress
        # The call that wrote it died between two of its steps, which are safe to repeat.
        row.claim, row.lease_until = claim, moment + LEASE
    return row


def _keep(request: Request, row: IdempotencyKey, response: Response) -> None:
    # After a step the object belongs to an ended transaction: the answer is written past it.
    request.db.flush()
    request.db.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.id == row.id)
        .values(
            status=response.status_code,
            content_type=response.content_type or "",
            body=request.house.vault.house.seal(response.body, _aad(row)),
        ),
        execution_options={"synchronize_session": False},
    )


def _stored(request: Request, row: IdempotencyKey) -> Response:
    body = request.house.vault.house.open(row.body, _aad(row))
    response = Response(body=body, status=row.status, content_type=row.content_type or None)
    response.headers[REPLAYED] = "true"
    response.headers["Cache-Control"] = "no-store"
    return response


def _aad(row: IdempotencyKey) -> str:
    return f"idempotency_key:body:{row.id}"


def _release_if_visible(request: Request, row: IdempotencyKey, began: Any) -> None:
    """Take the row back after the abort, if an earlier step has committed it."""
    try:
        current = request.tm.get()
    except NoTransaction:
        return
    if current is not began:
        current.addAfterAbortHook(_releaser(request, row))


def _releaser(request: Request, row: IdempotencyKey) -> Callable[[], None]:
    database, row_id, claim = request.house.database, row.id, row.claim
    return lambda: _release(database, row_id, claim)


def _release(database: Database, row_id: int, claim: str) -> None:
    with database.transaction() as session:
        session.execute(
            delete(IdempotencyKey).where(
                IdempotencyKey.id == row_id,
                IdempotencyKey.claim == claim,
                IdempotencyKey.status.is_(None),
            ),
            execution_options={"synchronize_session": False},
        )


def actor_of(request: Request) -> str:
    """Whose keys these are; visitors share one space of keys that nobody can guess."""
    identity = request.identity
    return f"member:{identity.member_id}" if identity is not None else "visitor"


def request_hash(request: Request) -> str:
    """What makes two calls the same: method, address and content, however it is spelt."""
    parts = [request.method, request.path, sorted(request.GET.items()), _content(request)]
    text = json.dumps(parts, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _content(request: Request) -> Any:
    if request.content_type == "multipart/form-data":
        # The boundary differs at every attempt.
        return [[name, _part(value)] for name, value in request.POST.items()]
    try:
        return json.loads(request.body or b"null")
    except (ValueError, RecursionError):
        return hashlib.sha256(request.body).hexdigest()


def _part(value: Any) -> Any:
    if not hasattr(value, "file"):
        return str(value)
    value.file.seek(0)
    digest = hashlib.file_digest(value.file, "sha256").hexdigest()
    value.file.seek(0)
    return [str(value.filename), digest]


def prune(database: Database) -> int:
    """Delete keys older than a day, in portions; how many were deleted."""
    total = 0
    while True:
        with database.transaction() as session:
            deleted = _prune_some(session)
        total += deleted
        if deleted < PRUNE_AT_ONCE:
            return total


def _prune_some(session: Session) -> int:
    old = select(IdempotencyKey.id).where(IdempotencyKey.created_at < clock.now() - KEEP)
    found = session.scalars(old.limit(PRUNE_AT_ONCE)).all()
    if found:
        session.execute(
            delete(IdempotencyKey).where(IdempotencyKey.id.in_(found)),
            execution_options={"synchronize_session": False},
        )
    return len(found)
