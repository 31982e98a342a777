import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.ledger import sites
from tests.unit.payments.fakes import FAKE, REGION

ROOT = Path(__file__).parents[3]


@pytest.fixture
def notify_and_die(house, database_url, tmp_path):
    def act(moment, body):
        words = ["-m", "tests.unit.payments.killing", database_url, str(tmp_path), moment, body]
        done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == -signal.SIGKILL, done.stderr

    return act


@pytest.mark.parametrize(
    ("moment", "state", "answer"),
    [("before", "pending", "accepted"), ("after", "captured", "duplicate")],
)
def test_the_provider_tries_again_after_a_kill(
    house, start, read, balance, notify_and_die, moment, state, answer
):
    attempt = start()
    body = f"k1 {attempt.number} {attempt.amount_fen} e1"

    notify_and_die(moment, body)
    assert read(attempt).state == state

    again = sites.browser(house).post(f"/notify/{FAKE}/{REGION}", body, content_type="text/plain")
    assert (again.status_int, again.text) == (200, answer)
    assert read(attempt).state == "captured"
    assert balance("receipts") == -attempt.amount_fen
