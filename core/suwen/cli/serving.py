"""``suwen serve`` and ``suwen work``."""

from __future__ import annotations

import os
import signal
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from suwen.cli import sparing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from suwen.cli.program import Program
    from suwen.kernel.settings import Settings

MAX_BODY_BYTES: Final = 32 * 1024 * 1024
WAITRESS: Final[Mapping[str, Any]] = {
    "threads": 8,
    "channel_timeout": 60,
    "connection_limit": 500,
    "max_request_body_size": MAX_BODY_BYTES,
    "max_request_header_size": 64 * 1024,
}
CONFIG: Final = "SUWEN_CLI_CONFIG"


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server listens."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read ``host:port``; raises ``click.ClickException``."""
        host, _, port = text.strip().rpartition(":")
        if not host or not (port.isascii() and port.isdigit()):
            raise click.ClickException(f"not an address to listen on: {text}")
        return cls(host.strip("[]"), int(port))

    def __str__(self) -> str:
        """``host:port``."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@click.command()
@click.option("--no-plugins", is_flag=True, help="Safe mode: no plugin package is imported.")
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on.")
@click.pass_obj
def serve(program: Program, host: str | None, port: int | None, *, no_plugins: bool) -> None:
    """Serve the site until Ctrl-C or SIGTERM."""
    address = _address(program, host, port)
    # The settings judge what is really listened on: development never leaves this machine.
    os.environ["SUWEN_LISTEN"] = str(address)
    if no_plugins:
        os.environ["SUWEN_PLUGINS"] = "false"
    if (host or port) and "SUWEN_BASE_URL" not in os.environ and _is_development(program):
        os.environ["SUWEN_BASE_URL"] = f"http://{address}"
    _keep_compiled(program)
    sparing.one_heap()
    sparing.without_redis(program.settings.queue_url)
    options = dict(program.ini.get("server:main", {}))
    if "granian" in (options.get("use", ""), options.get("server", "")):
        _granian(program, address, options)
    else:
        _waitress(program, address, options)


def _keep_compiled(program: Program) -> None:
    """Keep compiled form templates on disk: compiling them is most of a start."""
    folder = program.settings.path("cache", "forms")
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("CHAMELEON_CACHE", str(folder))


def _address(program: Program, host: str | None, port: int | None) -> Address:
    text = os.environ.get("SUWEN_LISTEN") or program.ini.get("server:main", {}).get("listen")
    chosen = Address.parse(text or program.raw.get("suwen.listen", "127.0.0.1:6543"))
    return Address(host or chosen.host, port or chosen.port)


def _is_development(program: Program) -> bool:
    written = program.raw.get("suwen.environment")
    return os.environ.get("SUWEN_ENVIRONMENT", written) == "development"


def _waitress(program: Program, address: Address, options: Mapping[str, str]) -> None:
    import waitress

    from suwen.app import make_app

    settings = program.settings
    house = program.build(settings, strict=True)
    application = make_app(house, program.raw)
    sparing.settle()
    signal.signal(signal.SIGTERM, _leave)
    if settings.jobs_in_process:
        house.jobs.start()
    click.echo(f"listening on http://{address}", err=True)
    waitress.serve(application, listen=str(address), **waitress_options(options, settings))


def waitress_options(options: Mapping[str, str], settings: Settings) -> dict[str, Any]:
    """Ours, overridden by the ini's, and what must fit the settings."""
    given = {name: int(options[name]) for name in WAITRESS if name in options}
    return {
        **WAITRESS,
        **given,
        # Nothing in an answer says which server wrote it.
        "ident": None,
        "url_scheme": settings.base_url.partition(":")[0],
        # Whether a proxy is believed is decided by suwen.trusted_proxies, not here.
        "clear_untrusted_proxy_headers": not settings.trusted_proxies,
    }


def _leave(*_: object) -> None:
    sys.exit(0)


def _granian(program: Program, address: Address, options: Mapping[str, str]) -> None:
    from granian.constants import Interfaces
    from granian.server import Server

    _ = program.settings  # refuse bad settings here, with one clear line
    os.environ[CONFIG] = str(program.config.resolve())
    sparing.preload()
    click.echo(f"listening on http://{address}", err=True)
    Server(
        "suwen.cli.serving:application",
        factory=True,
        address=address.host,
        port=address.port,
        interface=Interfaces.WSGI,
        workers=int(options.get("workers", os.cpu_count() or 1)),
        blocking_threads=int(options.get("threads", 8)),
        backlog=int(options.get("backlog", 1024)),
        url_path_prefix=None,
        log_access=False,
    ).serve()


def application() -> Any:
    """The WSGI application of a Granian worker, from the ini named in the environment.

    Does what Waitress does by its options: the scheme of the proxy, and the bound of bodies.
    """
    from suwen.app import make_app
    from suwen.cli.program import Program

    program = Program(os.environ[CONFIG])
    house = program.build(program.settings, strict=True)
    scheme = program.settings.base_url.partition(":")[0]
    wrapped = make_app(house, program.raw)
    sparing.settle()

    def guarded(environ: dict[str, Any], start_response: Any) -> Any:
        environ["wsgi.url_scheme"] = scheme
        if int(environ.get("CONTENT_LENGTH") or 0) > MAX_BODY_BYTES:
            start_response("413 Content Too Large", [("Content-Length", "0")])
            return [b""]
        return wrapped(environ, start_response)

    return guarded


@click.command()
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True)
@click.pass_obj
def work(program: Program, workers: int) -> None:
    """Run outbox items and periodic jobs until Ctrl-C or SIGTERM; what is begun is finished."""
    from suwen.app import make_app

    house = program.build(program.settings, strict=True)
    make_app(house, program.raw)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    click.echo("working", err=True)
    house.jobs.work(stopped, workers)
