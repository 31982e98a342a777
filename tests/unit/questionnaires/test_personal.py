from __future__ import annotations

import json

from suwen.questionnaires import personal

from .conftest import ADULT, GOOD, SMALL


def test_everything_is_handed_over_and_only_ones_own(house, act, begin, submit, member, add_member):
    other = add_member(sex="male")
    submit(other, begin(other))
    result = submit(member, begin(member))
    public_id = begin(member, ADULT)
    act(lambda s: s.save_answer(member, public_id, "1", "5"))
    with house.database.transaction() as db:
        exported = json.loads(json.dumps(personal.export(house, db, member)))
    (row,) = exported["results"]
    assert row["id"] == result.public_id
    assert row["answers"] == {str(item): value for item, value in GOOD.items()}
    assert row["scores"][1]["converted"] == "28.6"
    assert (row["form"], row["status"], row["types"]) == (SMALL, "biased", ["S3"])
    assert [item["answers"] for item in exported["unfinished"]] == [{"1": 5}]


def test_everything_is_erased_and_only_ones_own(house, act, begin, submit, member, add_member):
    other = add_member(sex="male")
    submit(other, begin(other))
    submit(member, begin(member))
    begin(member)
    with house.database.transaction() as db:
        lines = personal.erase(db, member)
        assert [(line.what, line.action, line.count) for line in lines] == [
            ("测评结果", "erased", 1),
            ("答题记录", "erased", 2),
        ]
    with house.database.transaction() as db:
        assert personal.export(house, db, member) == {"unfinished": [], "results": []}
        assert len(personal.export(house, db, other)["results"]) == 1
