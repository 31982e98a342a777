import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen.forms.money import BadAmount, format_yuan, parse_yuan
from suwen.kernel import ids
from suwen.kernel.errors import IllegalTransition
from suwen.kernel.states import machine
from suwen.orders.states import INTENT, INTENT_TITLES, ORDER, ORDER_TITLES

DOOR = machine("door", open="closed", closed="open locked", locked="closed")


def test_a_step_that_is_not_in_the_table_is_refused():
    DOOR.check("open", "closed")
    with pytest.raises(IllegalTransition, match="open -> locked"):
        DOOR.check("open", "locked")


def test_every_state_has_a_title_and_is_reachable():
    for table, titles, start in (
        (ORDER, ORDER_TITLES, "pending_payment"),
        (INTENT, INTENT_TITLES, "waiting"),
    ):
        assert set(titles) == table.states
        targets = {target for steps in table.steps.values() for target in steps}
        assert table.states == targets | {start}


def test_ids_grow_and_never_repeat_over_threads():
    made = []

    def work():
        made.append([ids.new_id() for _ in range(2000)])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    everything = [one for batch in made for one in batch]
    assert len(set(everything)) == 8000
    assert all(batch == sorted(batch) for batch in made)
    assert max(everything) < 2**63


@pytest.mark.parametrize(
    "text", ["", "-1", "1.234", "1e3", "１２", "1,000", "NaN", " ", "9999999999", "0x1"]
)
def test_what_is_not_an_amount_is_refused(text):
    with pytest.raises(BadAmount) as refused:
        parse_yuan(text)
    assert "amount" in refused.value.fields


@given(st.integers(0, 99_999_999_999))
def test_yuan_and_back(fen):
    assert parse_yuan(format_yuan(fen)) == fen


@pytest.mark.parametrize("text", ["", None, "-1", "1.0", "x", "１", "1" * 20])
def test_parse_gives_none_for_nonsense(text):
    assert ids.parse(text) is None
