"""Run as a program: take one notification and die of SIGKILL, before or after its commit.

Arguments: database URL, data folder, ``before`` or ``after``, body of the notification.
"""

import os
import signal
import sys
from pathlib import Path

from suwen.kernel.plugins.host import PluginHost
from tests.unit.ledger import houses, sites
from tests.unit.payments import fakes


def die(*_args):
    os.kill(os.getpid(), signal.SIGKILL)


def main(url, folder, moment, body):
    host = PluginHost(strict=True)
    fakes.register(host, fakes.FAKE, fakes.FakeGateway())
    house = houses.reopen(url, Path(folder), host)
    site = sites.browser(house)
    if moment == "before":
        house.events.subscribe("payment_captured", die)
    site.post(f"/notify/{fakes.FAKE}/{fakes.REGION}", body, content_type="text/plain")
    # The view's transaction has committed; the answer never leaves this process.
    die()


if __name__ == "__main__":
    main(*sys.argv[1:])
