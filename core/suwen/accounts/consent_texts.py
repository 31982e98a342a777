"""Texts of consents as data: drafted and published by administrators, never changed afterwards.

The newest published text of a purpose is asked; without one, the text shipped with the program.
Present texts are cached, and every process drops them with the cache version ``consents``.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import exists, func, select
from sqlalchemy.orm import aliased

from suwen.accounts.models import Consent, ConsentText
from suwen.accounts.purposes import PURPOSES, Purpose, shipped
from suwen.kernel import clock, ids
from suwen.kernel.cache import VersionedCache, bump, versions_of
from suwen.kernel.db import locked, take_turns
from suwen.kernel.errors import Conflict, Invalid, NotFound
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from suwen.kernel.audit import Actor, AuditLog
    from suwen.kernel.house import House

CACHE: Final = "consents"
DRAFT: Final = "draft"
PUBLISHED: Final = "published"
FIELDS: Final = ("title", "text", "effect", "title_en", "text_en", "effect_en")
COUNTED: Final = 10_000
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]{0,11}", re.ASCII)


class TextPublished(Conflict):
    """Somebody agreed to it, or may have: it stays as it is."""

    code = "consent_text_published"
    message = _("已发布的授权文本不能修改，请起草新版本")


class VersionTaken(Invalid):
    """The version exists already."""

    code = "consent_version_taken"
    message = _("这个版本号已经用过，请换一个")


class BadVersion(Invalid):
    """Not a version."""

    code = "bad_consent_version"
    message = _("版本号只能用字母、数字、点和短横线，最多 12 位")


class SameText(Invalid):
    """Publishing would ask everybody again about nothing new."""

    code = "consent_text_unchanged"
    message = _("文本与现行版本完全相同，无需发布")


@dataclass(frozen=True, slots=True)
class Overview:
    """One purpose in the back office."""

    name: str
    present: Purpose
    published_at: datetime | None
    draft: ConsentText | None


@dataclass(frozen=True, slots=True)
class Counts:
    """Persons by what they agreed to; at most ``COUNTED`` + 1.

    ``on_old`` agreed to an older version and will be asked again.
    """

    agreed: int
    on_old: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a comparison: ``same``, ``gone`` or ``new``."""

    kind: str
    text: str


class ConsentTexts:
    """Reads present texts; drafts and publishes new ones."""

    def __init__(self, db: Session, cache: VersionedCache, audit: AuditLog) -> None:
        """``cache`` is the process's own."""
        self._db = db
        self._cache = cache
        self._audit = audit

    def present(self, name: str) -> Purpose:
        """What is asked now; raises ``UnknownPurpose``."""
        return self.all_present().get(name) or shipped(name)

    def all_present(self) -> Mapping[str, Purpose]:
        """What is asked now, by purpose, in their order."""
        found: Mapping[str, Purpose] = self._cache.get(versions_of(self._db), "present", self._load)
        return found

    def _load(self) -> Mapping[str, Purpose]:
        present = dict(PURPOSES)
        query = select(ConsentText).where(ConsentText.state == PUBLISHED)
        for row in self._db.scalars(query.order_by(ConsentText.published_at, ConsentText.id)):
            if row.purpose in present:
                present[row.purpose] = _purpose(row)
        return present

    def versions(self, name: str) -> Sequence[ConsentText]:
        """Drafts and published versions of a purpose, newest first; raises ``UnknownPurpose``."""
        shipped(name)
        query = select(ConsentText).where(ConsentText.purpose == name)
        return self._db.scalars(query.order_by(ConsentText.id.desc()).limit(100)).all()

    def get(self, text_id: int) -> ConsentText:
        """One text; raises ``NotFound``."""
        found = self._db.get(ConsentText, text_id)
        if found is None:
            raise NotFound
        return found

    def texts_by_version(self, name: str) -> Mapping[str, Purpose]:
        """What each version of a purpose said, for those who agreed to it."""
        known = {shipped(name).version: shipped(name)}
        known.update({row.version: _purpose(row) for row in self.versions(name)})
        return known

    def draft(
        self, name: str, version: str, values: Mapping[str, str], actor: Actor
    ) -> ConsentText:
        """A new draft; raises ``UnknownPurpose``, ``BadVersion`` or ``VersionTaken``."""
        shipped(name)
        take_turns(self._db, f"{ConsentText.__tablename__}:{name}")
        self._check_version(name, version)
        row = ConsentText(
            id=ids.new_id(),
            purpose=name,
            version=version,
            state=DRAFT,
            created_by=actor.id,
            created_at=clock.now(),
            **{field: values.get(field) or "" for field in FIELDS},
        )
        self._db.add(row)
        self._db.flush()
        self._log(actor, "consent_text.draft", row, after=_values(row))
        return row

    def _check_version(self, name: str, version: str, but: int = 0) -> None:
        if not _VERSION.fullmatch(version):
            raise BadVersion(fields={"version": BadVersion.message})
        query = select(ConsentText.id).where(
            ConsentText.purpose == name, ConsentText.version == version, ConsentText.id != but
        )
        if version == shipped(name).version or self._db.execute(query).first() is not None:
            raise VersionTaken(fields={"version": VersionTaken.message})

    def change(self, text_id: int, version: str, values: Mapping[str, str], actor: Actor) -> None:
        """Change a draft; raises as ``draft``, or ``TextPublished``."""
        row = self._draft(text_id)
        self._check_version(row.purpose, version, but=row.id)
        before = _values(row)
        row.version = version
        for field in FIELDS:
            setattr(row, field, values.get(field) or "")
        self._db.flush()
        self._log(actor, "consent_text.change", row, before=before, after=_values(row))

    def discard(self, text_id: int, actor: Actor) -> None:
        """Delete a draft; raises ``TextPublished``."""
        row = self._draft(text_id)
        self._log(actor, "consent_text.discard", row, before=_values(row))
        self._db.delete(row)
        self._db.flush()

    def publish(self, text_id: int, actor: Actor) -> ConsentText:
        """Ask this text from now on; raises ``TextPublished`` or ``SameText``.

        Who agreed before is asked again before the next step that needs the consent; what was
        done under the old text stays done.
        """
        row = self._draft(text_id)
        before = self.present(row.purpose)
        if _wording(before) == _wording(_purpose(row)):
            raise SameText
        row.state, row.published_at = PUBLISHED, clock.now()
        self._db.flush()
        bump(self._db, CACHE)
        self._log(
            actor,
            "consent_text.publish",
            row,
            before={"version": before.version, "sha256": before.text_hash},
            after={"version": row.version, "sha256": _purpose(row).text_hash},
        )
        return row

    def _draft(self, text_id: int) -> ConsentText:
        row = locked(self._db, ConsentText, text_id)
        if row is None:
            raise NotFound
        if row.state != DRAFT:
            raise TextPublished
        return row

    def _log(self, actor: Actor, action: str, row: ConsentText, **details: Any) -> None:
        self._audit.write(
            self._db, actor, action, "consent_text", row.id, reason=row.purpose, details=details
        )
        self._db.flush()

    def overview(self) -> Sequence[Overview]:
        """Every purpose with its present text and its draft; one statement."""
        rows = self._db.scalars(select(ConsentText).order_by(ConsentText.id)).all()
        published = {(row.purpose, row.version): row.published_at for row in rows}
        drafts = {row.purpose: row for row in rows if row.state == DRAFT}
        return [
            Overview(name, about, published.get((name, about.version)), drafts.get(name))
            for name, about in self.all_present().items()
        ]

    def counts(self, name: str) -> Counts:
        """How many stand on the present version and how many on an older one."""
        version = self.present(name).version
        live = (Consent.purpose == name, Consent.withdrawn_at.is_(None))
        newer = aliased(Consent)
        agreed_anew = exists().where(
            newer.subject_id == Consent.subject_id,
            newer.purpose == name,
            newer.version == version,
            newer.withdrawn_at.is_(None),
        )
        return Counts(
            self._count(*live, Consent.version == version),
            self._count(*live, Consent.version != version, ~agreed_anew),
        )

    def _count(self, *conditions: ColumnElement[bool]) -> int:
        """Never counts on for ever: a page says 10000+."""
        some = select(Consent.subject_id).where(*conditions).distinct().limit(COUNTED + 1)
        return self._db.scalar(select(func.count()).select_from(some.subquery())) or 0


def compare(before: str, after: str) -> Sequence[Piece]:
    """What changed between two texts, character by character as Chinese has no spaces."""
    pieces = []
    matcher = difflib.SequenceMatcher(a=before, b=after, autojunk=False)
    for tag, a1, a2, b1, b2 in matcher.get_opcodes():
        if tag == "equal":
            pieces.append(Piece("same", before[a1:a2]))
            continue
        pieces += [Piece("gone", before[a1:a2])] if a2 > a1 else []
        pieces += [Piece("new", after[b1:b2])] if b2 > b1 else []
    return pieces


def _purpose(row: ConsentText) -> Purpose:
    fields = {field: getattr(row, field) for field in FIELDS}
    return replace(PURPOSES[row.purpose], version=row.version, **fields)


def _wording(purpose: Purpose) -> tuple[str, ...]:
    return tuple(str(getattr(purpose, field)) for field in FIELDS)


def _values(row: ConsentText) -> dict[str, str]:
    return {"version": row.version, **{field: getattr(row, field) for field in FIELDS}}


def consent_texts(house: House, db: Session) -> ConsentTexts:
    """The service of one unit of work."""
    cache = house.ports.setdefault("consent_texts", VersionedCache(CACHE, size=4))
    return ConsentTexts(db, cache, house.audit)
