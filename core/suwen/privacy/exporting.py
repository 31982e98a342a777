"""The job that makes a member's copy: one archive with everything, in pieces, sealed on the way."""

from __future__ import annotations

import json
import secrets
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, cast

import structlog
from sqlalchemy import select

from suwen.accounts.models import Subject
from suwen.accounts.personal_data import DomainData, personal_data
from suwen.accounts.services import accounts
from suwen.kernel import clock
from suwen.kernel.audit import SYSTEM
from suwen.kernel.crypto import Cipher
from suwen.kernel.regions import DEFAULT_CODE
from suwen.messaging.services import messaging
from suwen.privacy.parts import Parts
from suwen.privacy.periods import EXPORTS, periods
from suwen.privacy.plugins import plugin_data
from suwen.privacy.readme import README
from suwen.privacy.requests import READY, key_place
from suwen.privacy.working import TakenOver, Work, fail, named, ours, take, touch

if TYPE_CHECKING:
    from typing import IO

    from suwen.kernel.house import House

log = structlog.get_logger(__name__)

LAST: Final = 95
"""Per cent when all stores were asked."""


def export(house: House, payload: Mapping[str, Any]) -> None:
    """Outbox handler: make the copy; a job that died before is begun anew."""
    work = take(house, int(payload["request"]))
    if work is None:
        return
    try:
        _make(house, work)
    except TakenOver:
        log.info("privacy.taken_over", request=work.id)
    except Exception as error:
        fail(house, work, error)
        raise


def _make(house: House, work: Work) -> None:
    cipher = _begin(house, work)
    names: list[str] = []

    def stored(name: str) -> None:
        names.append(name)
        touch(house, work, parts=list(names))

    pieces = Parts(house.files, cipher, stored)
    with zipfile.ZipFile(cast("IO[bytes]", pieces), "w", zipfile.ZIP_DEFLATED) as archive:
        _fill(house, work, archive)
    pieces.finish()
    _finish(house, work, pieces.size)


def _begin(house: House, work: Work) -> Cipher:
    """Throw away what a dead job has left, and take a new key."""
    with house.database.snapshot() as db:
        subject_id = accounts(house, db).subject_of(work.member_id)
    key = secrets.token_bytes(32)
    sealed = house.vault.subject(subject_id).seal(key, key_place(work.id))
    with house.database.transaction() as db:
        row = ours(db, work)
        left, row.parts = list(row.parts), []
        row.file_key, row.progress, row.size = sealed, 0, None
    for name in left:
        house.files.delete(name)
    return Cipher.of(key)


def _stores(house: House) -> Sequence[DomainData]:
    with house.database.snapshot() as db:
        return [*personal_data(house), *cast("Sequence[DomainData]", plugin_data(house, db))]


def _fill(house: House, work: Work, archive: zipfile.ZipFile) -> None:
    stores = _stores(house)
    everything: dict[str, Any] = {}
    archive.writestr("README.txt", README)
    for number, store in enumerate(stores, 1):
        # One by one: a store that raises fails the request by its name, it is never left out.
        with named(store.name), house.database.snapshot() as db:
            content = store.export(db, work.member_id)
            everything[store.name] = {"title": str(store.title), "data": content}
            archive.writestr(f"data/{store.name}.json", _json(content))
            for name, blob in _files(store, db, work.member_id):
                archive.writestr(name, blob)
        touch(house, work, progress=number * LAST // len(stores))
    archive.writestr("data.json", _json({"made_at": clock.now().isoformat(), **everything}))


def _files(store: DomainData, db: Any, member_id: int) -> Iterable[tuple[str, bytes]]:
    give = getattr(store, "files", None)
    return give(db, member_id) if give is not None else ()


def _json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, indent=2).encode()


def _finish(house: House, work: Work, size: int) -> None:
    with house.database.transaction() as db:
        row = ours(db, work)
        days = periods(house, db).days(EXPORTS)
        row.state, row.open_key, row.progress, row.size = READY, None, 100, size
        row.finished_at, row.expires_at = clock.now(), clock.now() + timedelta(days=days)
        for subject_id in db.scalars(
            select(Subject.id).where(Subject.member_id == work.member_id)
        ).all():
            house.audit.write(
                db, SYSTEM, "privacy.export", "privacy_request", row.id, subject_id=subject_id
            )
        member = accounts(house, db).profiles.member(work.member_id)
        messaging(house, db).notify(
            work.member_id,
            "export_ready",
            {"days": days},
            key=f"export_ready:{row.id}",
            region=house.regions.resolve(db, member.region_code).code or DEFAULT_CODE,
        )
