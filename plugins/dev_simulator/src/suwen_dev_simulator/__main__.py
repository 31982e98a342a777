"""``python -m suwen_dev_simulator --port N --data DIR``."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from waitress import create_server

from suwen_dev_simulator.app import MAX_BODY_BYTES, SimulatorApp
from suwen_dev_simulator.delivery import Postman
from suwen_dev_simulator.loopback import is_loopback


def parser() -> argparse.ArgumentParser:
    """The command line."""
    found = argparse.ArgumentParser(
        prog="suwen_dev_simulator", description="A payment provider for development."
    )
    found.add_argument("--host", default="127.0.0.1", help="a loopback address")
    found.add_argument("--port", type=int, required=True)
    found.add_argument("--data", type=Path, required=True, help="folder of keys and books")
    found.add_argument(
        "--keys-only", action="store_true", help="make the keys, write wechat.json, and end"
    )
    return found


def main(arguments: Sequence[str]) -> int:
    """Serve until a signal; returns the exit status."""
    options = parser().parse_args(arguments)
    if not is_loopback(options.host):
        sys.stderr.write("the simulator serves this machine only: --host must be loopback\n")
        return 2
    host = f"[{options.host}]" if ":" in options.host else options.host
    app = SimulatorApp(options.data, f"http://{host}:{options.port}")
    if options.keys_only:
        app.close()
        return 0
    server = create_server(
        app,
        host=options.host,
        port=options.port,
        threads=8,
        max_request_body_size=MAX_BODY_BYTES,
        ident=None,
    )
    postman = Postman(app.post)
    postman.start()
    signal.signal(signal.SIGTERM, _end)
    sys.stdout.write(f"gateway simulator at http://{host}:{options.port}/\n")
    sys.stdout.flush()
    try:
        server.run()
    finally:
        postman.stop()
        server.close()
        app.close()
    return 0


def _end(*_: Any) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
