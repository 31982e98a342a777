"""Filters of a list that somebody keeps under a name, for himself or for all colleagues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, or_, select

from suwen.accounts.people.errors import TooManyViews
from suwen.accounts.staffing.models import SavedView
from suwen.kernel import clock, ids
from suwen.kernel.errors import Invalid, NotFound
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

MOST: Final = 30
LONGEST: Final = 20


class BadName(Invalid):
    """No name, or one that no button can show."""

    code = "bad_view_name"
    message = _("名称为 1 到 20 个字")

    def __init__(self) -> None:
        """Put the message beside the name."""
        super().__init__(fields={"name": self.message})


class SavedViews:
    """Saved views of one person on one page; shared ones of others can be used, not changed."""

    def __init__(self, db: Session, staff_id: int, page: str) -> None:
        """``page`` is the route of the list."""
        self._db = db
        self._staff_id = staff_id
        self._page = page

    def all(self) -> Sequence[SavedView]:
        """One's own and those that others share, by name."""
        query = select(SavedView).where(
            SavedView.page == self._page,
            or_(SavedView.staff_id == self._staff_id, SavedView.is_shared),
        )
        return self._db.scalars(query.order_by(SavedView.name, SavedView.id).limit(100)).all()

    def save(self, name: str, query: Mapping[str, str], *, shared: bool) -> SavedView:
        """Keep filters; the same name again replaces them. Raises ``BadName``, ``TooManyViews``."""
        plain = _clean(name)
        found = self._own(SavedView.name == plain)
        if found is None:
            count = select(func.count()).select_from(SavedView)
            count = count.where(SavedView.staff_id == self._staff_id, SavedView.page == self._page)
            if (self._db.scalar(count) or 0) >= MOST:
                raise TooManyViews
            found = SavedView(
                id=ids.new_id(),
                staff_id=self._staff_id,
                page=self._page,
                name=plain,
                created_at=clock.now(),
            )
            self._db.add(found)
        found.query, found.is_shared = dict(query), shared
        self._db.flush()
        return found

    def rename(self, view_id: int | None, name: str, *, shared: bool) -> None:
        """Rename and share or unshare one's own; raises ``NotFound`` or ``BadName``."""
        found, plain = self._get(view_id), _clean(name)
        other = self._own(SavedView.name == plain)
        if other is not None and other.id != found.id:
            raise BadName
        found.name, found.is_shared = plain, shared
        self._db.flush()

    def delete(self, view_id: int | None) -> None:
        """Delete one's own; raises ``NotFound``."""
        self._db.delete(self._get(view_id))
        self._db.flush()

    def _get(self, view_id: int | None) -> SavedView:
        found = self._own(SavedView.id == view_id)
        if found is None:
            raise NotFound
        return found

    def _own(self, condition: object) -> SavedView | None:
        query = select(SavedView).where(
            SavedView.staff_id == self._staff_id,
            SavedView.page == self._page,
            condition,  # type: ignore[arg-type]
        )
        return self._db.scalars(query).first()


def _clean(name: str) -> str:
    plain = " ".join(name.split())
    if not 1 <= len(plain) <= LONGEST or not plain.isprintable():
        raise BadName
    return plain
