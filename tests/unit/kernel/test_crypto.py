import secrets

import pytest

from suwen.kernel.crypto import CannotOpen, Cipher, SubjectKey, SubjectKeyDestroyed, Vault


@pytest.fixture
def vault(house):
    from suwen.kernel.crypto import KeyBase

    KeyBase.metadata.create_all(house.vault.store.engine)
    return house.vault


def test_a_value_moved_to_another_row_does_not_open():
    cipher = Cipher.of(secrets.token_bytes(32))
    sealed = cipher.seal("13800008000", "member:phone:1")
    assert cipher.open_text(sealed, "member:phone:1") == "13800008000"
    with pytest.raises(CannotOpen):
        cipher.open(sealed, "member:phone:2")


@pytest.mark.parametrize("position", [0, 3, 10, 20, -1])
def test_an_altered_byte_does_not_open(position):
    cipher = Cipher.of(secrets.token_bytes(32))
    sealed = bytearray(cipher.seal("text", "a"))
    sealed[position] ^= 1
    with pytest.raises(CannotOpen):
        cipher.open(bytes(sealed), "a")


def test_old_keys_open_and_new_keys_seal():
    old, new = secrets.token_bytes(32), secrets.token_bytes(32)
    sealed = Cipher.of(old).seal("text", "a")
    both = Cipher.of(new, old)
    assert both.open_text(sealed, "a") == "text"
    assert not both.is_newest(sealed)
    assert both.is_newest(both.seal("text", "a"))


def test_keys_do_not_show():
    key = secrets.token_bytes(32)
    assert key.hex() not in repr(Cipher.of(key))
    assert str(key) not in repr(Cipher.of(key))


def test_destroying_a_subjects_key_destroys_the_data(vault):
    sealed = vault.subject(7).seal("result", "r:1")
    assert vault.subject(7).open_text(sealed, "r:1") == "result"
    vault.destroy(7)
    with pytest.raises(SubjectKeyDestroyed):
        vault.subject(7)
    with vault.store.snapshot() as session:
        assert session.get(SubjectKey, 7).wrapped == b""


def test_subjects_do_not_open_each_other(vault):
    sealed = vault.subject(1).seal("result", "r:1")
    with pytest.raises(CannotOpen):
        vault.subject(2).open(sealed, "r:1")


def test_rewrapping_keeps_everything_readable(vault):
    old = secrets.token_bytes(32)
    before = Vault((old,), vault.store)
    sealed = before.subject(11).seal("result", "r:1")
    new = secrets.token_bytes(32)
    rotating = Vault((new, old), vault.store)
    # Keys of other masters are none of this rotation's business: start clean.
    with vault.store.transaction() as session:
        for row in session.query(SubjectKey).where(SubjectKey.subject_id != 11):
            session.delete(row)
    assert rotating.rewrap() is None
    assert Vault((new,), vault.store).subject(11).open_text(sealed, "r:1") == "result"


def test_rewrapping_goes_on_where_it_stopped_and_leaves_destroyed_keys_alone(vault):
    old, new = secrets.token_bytes(32), secrets.token_bytes(32)
    before, rotating = Vault((old,), vault.store), Vault((new, old), vault.store)
    with vault.store.transaction() as session:
        session.query(SubjectKey).delete()
    for subject in range(1, 6):
        before.subject(subject)
    before.destroy(3)

    assert rotating.rewrap(limit=2) == 2
    assert rotating.rewrap(2, limit=2) == 5
    assert rotating.rewrap(5, limit=2) is None

    with vault.store.snapshot() as session:
        wrapped = {row.subject_id: row.wrapped for row in session.query(SubjectKey)}
    assert wrapped.pop(3) == b""
    alone = Vault((new,), vault.store)
    assert all(alone.subject(subject) for subject in wrapped)


def test_blind_indexes_differ_by_purpose(vault):
    assert vault.blind_index("phone", "1") != vault.blind_index("email", "1")
    assert vault.blind_index("phone", "1") == vault.blind_index("phone", "1")
