import pytest
from argon2 import PasswordHasher

from suwen.accounts.errors import WeakPassword
from suwen.accounts.passwords import Passwords, check_strength, common


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
    ],
)
def test_what_falls_to_the_first_guesses_is_refused(password):
    with pytest.raises(WeakPassword) as error:
        check_strength(password, address="+8613812345678")
    assert "password" in error.value.fields


def test_a_long_password_needs_no_special_signs():
    check_strength("correct horse battery", address="+8613812345678")
    check_strength("春眠不觉晓处处闻啼鸟", address="")


def test_the_list_holds_only_what_length_lets_through():
    assert len(common()) > 300
    assert all(len(word) >= 10 and word == word.casefold() for word in common())


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
