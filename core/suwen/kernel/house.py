"""The process's technical services, built once and handed to whoever constructs a service."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from suwen.kernel import crypto, db, http
from suwen.kernel.audit import AuditLog
from suwen.kernel.events import EventBus
from suwen.kernel.files import FileStore
from suwen.kernel.jobs import Jobs
from suwen.kernel.outbox import Outbox
from suwen.kernel.plugins.host import PluginHost
from suwen.kernel.plugins.switch import Switch
from suwen.kernel.ratelimit import Limiter
from suwen.kernel.regions import Regions

if TYPE_CHECKING:
    from suwen.hookspecs.common import HttpTransport
    from suwen.kernel.crypto import Vault
    from suwen.kernel.db import Database
    from suwen.kernel.settings import Settings


@dataclass(frozen=True)
class House:
    """Everything a service may need that is not a domain. Factories take it apart."""

    settings: Settings
    secret_key: str = field(repr=False)
    database: Database
    vault: Vault
    files: FileStore
    audit: AuditLog
    limiter: Limiter
    events: EventBus
    outbox: Outbox
    jobs: Jobs
    regions: Regions
    host: PluginHost
    switch: Switch
    ports: dict[str, Any] = field(default_factory=dict)
    """Interfaces that upper floors fill for lower ones, by name."""

    def close(self) -> None:
        """Stop workers and close connections."""
        self.jobs.stop()
        self.database.dispose()
        self.vault.store.dispose()


def build(
    settings: Settings, *, host: PluginHost | None = None, transport: HttpTransport | None = None
) -> House:
    """Build the services of a process; tests bring a host or a transport of their own."""
    settings.path().mkdir(parents=True, exist_ok=True)
    if host is None:
        host = PluginHost(strict=settings.development)
        if settings.plugins:
            host.load()
    database = db.from_settings(settings)
    vault = crypto.from_settings(settings)
    outbox = Outbox(database)
    transport = transport or http.from_settings(settings)
    return House(
        settings=settings,
        secret_key=settings.secret_key or crypto.development_secret(settings, "secret.key"),
        database=database,
        vault=vault,
        files=FileStore(settings.files_url),
        audit=AuditLog(vault, settings.path("audit.head")),
        limiter=Limiter(database, vault),
        events=EventBus(),
        outbox=outbox,
        jobs=Jobs(settings.queue_url, outbox),
        regions=Regions(),
        host=host,
        switch=Switch(host, vault, settings, transport),
    )
