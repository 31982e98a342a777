from pathlib import Path

import pytest
from argon2 import PasswordHasher

from suwen.accounts.errors import WeakPassword
from suwen.accounts.passwords import MIN_LENGTH, Passwords, breached, check_strength, is_breached


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "x" * 1025,
        "1234567890",
        "Password123!",
        "aaaaaaaaaaaa",
        "QWERTYUIOP",
        "13812345678",
        "manchester",
        "!!Manchester!!",
        "woaini1314520",
        "suwen12345",
        "素问素问素问素问素问",
    ],
)
def test_what_falls_to_the_first_guesses_is_refused(password):
    with pytest.raises(WeakPassword) as error:
        check_strength(password, address="+8613812345678")
    assert "password" in error.value.fields


def test_a_long_password_needs_no_special_signs():
    check_strength("correct horse battery", address="+8613812345678")
    check_strength("春眠不觉晓处处闻啼鸟", address="")


def test_the_list_is_sorted_and_knows_what_everybody_tries():
    known = breached()
    hashes = [known[at : at + 5] for at in range(0, len(known), 5)]
    assert hashes == sorted(set(hashes))
    assert 30_000 < len(hashes) < 60_000
    assert is_breached("1234567890")
    assert is_breached("Qwertyuiop")
    assert not any(is_breached(f"{number}-lotus-{number * 7}") for number in range(2000))


def test_every_word_of_the_own_list_that_length_lets_through_is_on_it():
    text = (Path(__file__).parents[3] / "tools/common_passwords.txt").read_text("utf-8")
    words = [word for word in text.splitlines() if word and not word.startswith("# ")]
    assert len(words) > 700
    assert [word for word in words if len(word) >= MIN_LENGTH and not is_breached(word)] == []


def test_the_stored_hash_is_argon2id_with_the_stated_cost():
    stored = Passwords().hash("correct horse 42")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_verifying_knows_right_from_wrong_and_from_nothing():
    fast = Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    stored = fast.hash("correct horse 42")
    assert fast.verify(stored, "correct horse 42")
    assert not fast.verify(stored, "correct horse 43")
    assert not fast.verify(None, "correct horse 42")
    assert not fast.verify(stored, "correct horse 42" + "x" * 2000)
    assert not fast.needs_rehash(stored)
    assert Passwords().needs_rehash(stored)
