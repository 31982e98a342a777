"""Settings of a process: the ini file, overridden by the environment, read once.

Every setting stands in one table with its type and default, so that a misspelt key is refused
instead of ignored. Development surfaces fail closed: see ``Settings.development``.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any


class SettingsError(Exception):
    """A setting is unknown, missing or has an impossible value; the process does not start."""


def _env(name: str) -> str:
    return "SUWEN_" + name.upper().replace(".", "_")


@dataclass(frozen=True)
class Settings:
    """All settings. In the ini file they carry the prefix ``suwen.``; the environment variable
    of ``database_url`` is ``SUWEN_DATABASE_URL``.
    """

    environment: str = "production"
    """``development`` (loopback only) or ``production``."""
    listen: str = "127.0.0.1:6543"
    base_url: str = "http://127.0.0.1:6543"
    """Address under which users and providers reach the site."""
    hosts: str = ""
    """Further host names that the site answers to, separated by commas."""
    data_dir: str = "var"
    database_url: str = ""
    """Default: an SQLite file in the data folder."""
    keys_url: str = ""
    """Store of the subjects' keys; default: an SQLite file of its own in the data folder."""
    files_url: str = ""
    """fsspec URL; default: a folder in the data folder."""
    queue_url: str = ""
    """``memory://``, ``sqlite:///…`` or ``redis://…``; default: SQLite in the data folder."""
    master_key: str = field(default="", repr=False)
    """Base64 of 32 bytes; several, newest first, separated by commas, while rotating."""
    secret_key: str = field(default="", repr=False)
    """Signs cookies and short-lived links; at least 32 characters."""
    jobs_in_process: bool = False
    plugins: bool = True
    """False is the safe mode: no plugin package is imported."""
    outbound_hosts: str = ""
    """Further hosts that plugins may call, separated by commas."""
    trusted_proxies: str = ""
    """Networks of proxies whose X-Forwarded-For is believed, separated by commas."""
    simulator_url: str = ""
    """Gateway simulator; development only."""
    database_pool_size: int = 10
    session_idle_minutes: int = 120
    session_absolute_days: int = 14
    step_up_minutes: int = 10
    theme: str = "pc"
    log_format: str = "json"
    """``json`` or ``console``."""

    @property
    def development(self) -> bool:
        """True only for exactly ``development``; anything else is production."""
        return self.environment == "development"

    @property
    def secure(self) -> bool:
        """Whether cookies may demand HTTPS."""
        return not self.development

    def path(self, *parts: str) -> Path:
        """A path in the data folder."""
        return Path(self.data_dir).joinpath(*parts)


def load(raw: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> Settings:
    """Read settings from an ini section and the environment; raises ``SettingsError``."""
    environ = os.environ if environ is None else environ
    given = {key[6:]: str(value) for key, value in raw.items() if key.startswith("suwen.")}
    known = {item.name: item for item in fields(Settings)}
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise SettingsError(f"unknown setting: {', '.join('suwen.' + name for name in unknown)}")
    for name in known:
        if _env(name) in environ:
            given[name] = environ[_env(name)]
    values = {name: _coerce(name, str(known[name].type), text) for name, text in given.items()}
    return _complete(Settings(**values))


def _coerce(name: str, kind: str, text: str) -> Any:
    text = text.strip()
    if kind == "bool":
        if text.lower() not in {"true", "false"}:
            raise SettingsError(f"suwen.{name} must be true or false")
        return text.lower() == "true"
    if kind == "int":
        if not text.isascii() or not text.isdigit():
            raise SettingsError(f"suwen.{name} must be a whole number")
        return int(text)
    return text


def _complete(settings: Settings) -> Settings:
    if settings.environment not in {"development", "production"}:
        raise SettingsError("suwen.environment must be exactly development or production")
    _check_development(settings)
    data = Path(settings.data_dir).resolve()
    defaults = {
        "database_url": f"sqlite:///{data / 'suwen.db'}",
        "keys_url": f"sqlite:///{data / 'keys.db'}",
        "files_url": f"file://{data / 'files'}",
        "queue_url": f"sqlite:///{data / 'queue.db'}",
    }
    values = {item.name: getattr(settings, item.name) for item in fields(Settings)}
    values.update({name: url for name, url in defaults.items() if not values[name]})
    values["data_dir"] = str(data)
    complete = Settings(**values)
    _check_secrets(complete)
    return complete


def _check_development(settings: Settings) -> None:
    host = settings.listen.rpartition(":")[0].strip("[]")
    if settings.development and not _is_loopback(host):
        raise SettingsError("development listens on a loopback address only")
    if settings.simulator_url and not settings.development:
        raise SettingsError("suwen.simulator_url belongs to development only")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_secrets(settings: Settings) -> None:
    if settings.development:
        return
    if len(settings.secret_key) < 32:
        raise SettingsError("suwen.secret_key needs at least 32 characters")
    if not settings.master_key:
        raise SettingsError("suwen.master_key is missing")
    if not settings.base_url.startswith("https://"):
        raise SettingsError("suwen.base_url must be https in production")
