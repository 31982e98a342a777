"""Mounting plugins: their routes and views, and the outbox items that carry events to them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from suwen.hookspecs.lifecycle import Event
from suwen.kernel import outbox

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.config import Configurator
    from sqlalchemy.orm import Session

    from suwen.kernel.house import House
    from suwen.kernel.plugins.host import PluginHost

log = structlog.get_logger(__name__)

KIND = "plugin.event"


def queue_event(house: House, session: Session, event: Event) -> None:
    """Write one outbox item for every working plugin that listens."""
    for plugin in house.host.working():
        if hasattr(plugin.module, "suwen_event"):
            payload = {**asdict(event), "occurred_at": event.occurred_at.isoformat()}
            key = f"{KIND}:{event.key}:{plugin.id}"
            outbox.put(session, KIND, key, plugin=plugin.id, event=payload)


def deliver_event(house: House, payload: Mapping[str, Any]) -> None:
    """Give one event to one plugin, unless its region has it off; a failure is tried again."""
    fields = {
        **payload["event"],
        "occurred_at": datetime.fromisoformat(payload["event"]["occurred_at"]),
    }
    event = Event(**fields)
    plugin = house.host.plugins.get(payload["plugin"])
    if plugin is None or plugin.broken:
        log.info("plugin.event_dropped", plugin=payload["plugin"], event_name=event.name)
        return
    with house.database.snapshot() as session:
        state = house.switch.offering(session, event.region).state(plugin.id)
    if state != "disabled":
        plugin.module.suwen_event(event=event)


def add_catalogue(config: Configurator, plugin: Any) -> None:
    """Load the translations in the plugin's own package: ``locale`` beside its plugin module."""
    file = getattr(plugin.module, "__file__", None)
    folder = Path(file).parent / "locale" if file else None
    if folder is not None and folder.is_dir():
        config.add_translation_dirs(str(folder))


def mount(config: Configurator, host: PluginHost, plugin: Any) -> None:
    """Let one plugin add its routes, views, templates and navigation; quarantine it if it fails."""
    add_catalogue(config, plugin)
    implementation = getattr(plugin.module, "suwen_mount", None)
    if implementation is None:
        return
    standing = list(config.action_state.actions)
    try:
        implementation(config=config)
        config.commit()
    except Exception as error:  # noqa: BLE001 - whatever a stranger's code raises
        # What it had asked for and was not carried out yet is forgotten.
        config.action_state.actions[:] = standing
        host.quarantine(plugin.id, error)


def includeme(config: Configurator) -> None:
    """Mount every working plugin and carry events to those that listen."""
    house: House = config.registry.house
    house.events.subscribe("*", lambda session, event: queue_event(house, session, event))
    house.outbox.handler(KIND, lambda payload: deliver_event(house, payload))
    config.commit()
    for plugin in house.host.working():
        mount(config, house.host, plugin)
