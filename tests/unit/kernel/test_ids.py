"""Ids as they are written in addresses."""

import pytest

from suwen.kernel import ids


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1),
        (str(2**63 - 1), 2**63 - 1),
        (str(2**63), None),
        ("9" * 19, None),
        ("1" * 400, None),
        ("", None),
        (None, None),
        ("-1", None),
        ("1.0", None),
        ("１２", None),
        ("1\n", None),
    ],
)
def test_only_what_a_column_can_hold_is_an_id(text, number):
    assert ids.parse(text) == number


def test_ids_rise():
    made = [ids.new_id() for _ in range(1000)]

    assert made == sorted(set(made))
    assert made[-1] < 2**63
