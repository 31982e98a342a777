"""The simulator as a WSGI application; also the way tests use it in their own process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from webob import Request, Response

from suwen_dev_simulator import router
from suwen_dev_simulator.clock import Clock
from suwen_dev_simulator.control import Control
from suwen_dev_simulator.delivery import LoopbackSender, Post, Send
from suwen_dev_simulator.faults import FaultBoard
from suwen_dev_simulator.keyfiles import KeyFolder, write_settings
from suwen_dev_simulator.loopback import host_of, is_loopback
from suwen_dev_simulator.pages import Pages
from suwen_dev_simulator.providers import Provider
from suwen_dev_simulator.store import Store
from suwen_dev_simulator.till import Till
from suwen_dev_simulator.wechat.identity import Identity
from suwen_dev_simulator.wechat.provider import WeChatProvider

MAX_BODY_BYTES = 64 * 1024


class SimulatorApp:
    """All providers, their cashiers and the control surface.

    A test gives ``send`` and ``read_clock`` of its own and calls ``deliver_due`` when it wants the
    queued notifications to go out.
    """

    def __init__(
        self,
        data_dir: Path | str,
        base_url: str,
        *,
        send: Send | None = None,
        read_clock: Callable[[], float] = time.time,
    ) -> None:
        """Make what is missing in ``data_dir``; ``base_url`` is the own address."""
        data = Path(data_dir)
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._base_url = base_url.rstrip("/")
        self._host = host_of(base_url)
        self.store = Store(data / "simulator.sqlite")
        self.clock = Clock(self.store, read_clock)
        self.faults = FaultBoard(self.store)
        self._sender = LoopbackSender()
        self.post = Post(self.store, self.clock, self.faults, send or self._sender)
        self.wechat = WeChatProvider(
            Identity(KeyFolder(data / "keys"), self.store),
            self.store,
            self.clock,
            self.faults,
            self.post,
            self._base_url,
        )
        self.providers: Mapping[str, Provider] = {self.wechat.name: self.wechat}
        self.post.providers.update(self.providers)
        self.till = Till(self.store, self.clock, self.providers)
        write_settings(data / "wechat.json", self.wechat.identity.shop_settings(self._base_url))
        control = Control(self.till, self.faults, self.clock, self.post)
        pages = Pages(self.till, self.providers, self.faults, self.clock)
        self._routes = [*control.routes(), *pages.routes()]
        for provider in self.providers.values():
            self._routes.extend(provider.routes())

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """WSGI."""
        answer: Iterable[bytes] = self._answer(Request(environ))(environ, start_response)
        return answer

    def _answer(self, request: Request) -> Response:
        host = host_of(f"//{request.host}")
        # A name that somebody else's server leads here could steal a look from a browser.
        if host != self._host and not is_loopback(host):
            return router.json_response(403, {"error": "this machine only"})
        if (request.content_length or 0) > MAX_BODY_BYTES:
            return router.json_response(413, {"error": "the body is too large"})
        return router.dispatch(self._routes, request)

    def deliver_due(self) -> int:
        """Send what is due now, one after the other; returns how many notifications it was."""
        return self.post.deliver_due()

    def close(self) -> None:
        """Close connections and books."""
        self._sender.close()
        self.store.close()
