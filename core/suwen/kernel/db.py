"""Database: metadata, sessions that are joined to the transaction, locks and column types.

Two session makers, one for reading and one for writing requests, each registered with
zope.sqlalchemy once: registering per request costs a quarter of a catalogue page, and a session
that only executes Core statements must be registered as changed or its writes are lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import BigInteger, DateTime, Engine, MetaData, create_engine, event, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker
from sqlalchemy.pool import NullPool
from sqlalchemy.types import TypeDecorator
from zope.sqlalchemy import datamanager

from suwen.kernel import ids

if TYPE_CHECKING:
    from sqlalchemy.orm import ORMExecuteState
    from transaction.interfaces import ITransactionManager

    from suwen.kernel.settings import Settings

# Without names Alembic cannot alter a constraint later, and SQLite has none by itself.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = MetaData(naming_convention=NAMING)

T = TypeVar("T")

_READS_ONLY = "a reading request must not write: declare the view with writes=True"


class UTCDateTime(TypeDecorator[datetime]):
    """A moment: aware in the program, UTC in the database. Naive values are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002
        """Refuse naive moments and store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002
        """Give back an aware moment."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Fen(TypeDecorator[int]):
    """Money in fen (1/100 yuan). Anything but an int is refused: no floats, no booleans."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Any) -> int | None:  # noqa: ARG002
        """Refuse what is not a whole number of fen."""
        if value is not None and type(value) is not int:
            raise TypeError(f"money is an int of fen, not {type(value).__name__}")
        return value


class Base(DeclarativeBase):
    """Base of the core's models and of the plugins'."""

    metadata = metadata
    type_annotation_map = {datetime: UTCDateTime, int: BigInteger}  # noqa: RUF012


class WithId:
    """Primary key made by the program: see ``suwen.kernel.ids``."""

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, default=ids.new_id)


class Database:
    """An engine with its session makers. ``reading`` begins DEFERRED, ``writing`` IMMEDIATE."""

    def __init__(self, url: str, pool_size: int = 10, *, pooled: bool = True) -> None:
        """Connect lazily to ``url``."""
        self.url = url
        self.engine = _engine(url, pool_size, pooled=pooled)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        reading = self.engine.execution_options(suwen_begin="DEFERRED")
        writing = self.engine.execution_options(suwen_begin="IMMEDIATE")
        self._reading = sessionmaker(reading, expire_on_commit=False, autoflush=False)
        self._joined = _joined_makers(reading, writing)
        self._own = sessionmaker(writing, expire_on_commit=False, autoflush=False)

    def joined(self, manager: ITransactionManager, *, writes: bool) -> Session:
        """A session that commits and rolls back with the transaction manager."""
        session: Session = self._joined[writes](info={"tm": manager})
        return session

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A writing transaction of its own: commits at the end, rolls back on an error."""
        with self._own.begin() as session:
            yield session

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """A reading session of its own, rolled back at the end."""
        with self._reading() as session:
            yield session

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _joined_makers(reading: Engine, writing: Engine) -> dict[bool, sessionmaker[Session]]:
    """Session makers, by ``writes``, joined to the explicit manager in ``session.info['tm']``."""
    makers: dict[bool, sessionmaker[Session]] = {}
    for writes, engine in ((False, reading), (True, writing)):
        maker = sessionmaker(engine, expire_on_commit=False, autoflush=False)
        event.listen(maker, "after_begin", _join("changed" if writes else "active"))
        if not writes:
            event.listen(maker, "before_flush", _refuse_writes)
            event.listen(maker, "do_orm_execute", _refuse_changes)
        makers[writes] = maker
    return makers


def _join(initial_state: str) -> Any:
    def join(session: Session, *_: Any) -> None:
        datamanager.join_transaction(
            session, initial_state=initial_state, transaction_manager=session.info["tm"]
        )

    return join


def _refuse_writes(session: Session, *_: Any) -> None:
    # A GET that reads and then writes dies with "database is locked" on SQLite under load.
    if session.new or session.dirty or session.deleted:
        raise RuntimeError(_READS_ONLY)


def _refuse_changes(state: ORMExecuteState) -> None:
    # They would not even fail: nothing marks the session as changed, and they would be lost.
    if state.is_insert or state.is_update or state.is_delete:
        raise RuntimeError(_READS_ONLY)


def _engine(url: str, pool_size: int, *, pooled: bool) -> Engine:
    # Messages of errors reach the log: they must not quote people's data.
    create = partial(create_engine, url, hide_parameters=True)
    if url.startswith("sqlite"):
        engine = create(connect_args={"timeout": 20}, poolclass=None if pooled else NullPool)
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)
        return engine
    arguments = {
        "connect_timeout": 2,
        "options": "-c statement_timeout=15000 -c lock_timeout=8000"
        " -c idle_in_transaction_session_timeout=60000 -c timezone=UTC -c jit=off",
    }
    if not pooled:
        return create(connect_args=arguments, poolclass=NullPool)
    return create(connect_args=arguments, pool_size=pool_size, max_overflow=5, pool_pre_ping=True)


def _sqlite_connect(connection: Any, _record: Any) -> None:
    # The driver's own BEGIN would be DEFERRED and come too late; we begin by hand below.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "busy_timeout=20000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: Any) -> None:
    mode = connection.get_execution_options().get("suwen_begin", "IMMEDIATE")
    connection.exec_driver_sql(f"BEGIN {mode}")


def from_settings(settings: Settings) -> Database:
    """The process's database."""
    return Database(settings.database_url, settings.database_pool_size)


def locked(session: Session, model: type[T], key: Any) -> T | None:
    """The row under a row lock, freshly read. On SQLite the writing transaction is the lock."""
    identity: Any = model
    query = select(model).where(identity.id == key).with_for_update()
    return session.scalars(query, execution_options={"populate_existing": True}).first()


def lock(session: Session, model: type[T], key: Any) -> T:
    """As ``locked``, for a row that must be there; raises ``LookupError``."""
    row = locked(session, model, key)
    if row is None:
        raise LookupError(f"{model.__name__} {key}")
    return row


def take_turns(session: Session, name: str) -> None:
    """Wait until no other transaction is in what ``name`` calls; ours is until it ends.

    For rules over many rows, which no row lock can hold. SQLite has one writer anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": name})
