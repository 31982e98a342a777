import pytest

from suwen.messaging import console


def test_the_console_keeps_the_newest(house, monkeypatch):
    monkeypatch.setattr(console, "CAPACITY", 3)
    write = house.switch.extra["console"]
    for number in range(5):
        write("push_sms", "+8613812345678", f"text {number}", str(number))
    with house.database.snapshot() as db:
        found = console.items(db)
    assert [item["code"] for item in found] == ["4", "3", "2"]
    assert set(found[0]) == {"channel", "address", "text", "code", "at"}


def test_production_has_none(house):
    with pytest.raises(console.ConsoleForbidden):
        console.writer(house.database, development=False)
