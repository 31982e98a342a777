import pytest

from suwen.kernel.regions import UnknownRegion


@pytest.mark.parametrize(
    ("division", "region"),
    [
        ("430602", "4306"),
        ("4306", "4306"),
        ("430102", "100000"),
        ("43", "100000"),
        (None, "100000"),
        ("default", "100000"),
    ],
)
def test_the_longest_prefix_wins(house, db, division, region):
    assert house.regions.resolve(db, division).code == region


@pytest.mark.parametrize("division", ["0", "abc", "4306021", "４３０６", "4306 ", "-1"])
def test_nonsense_is_refused(house, db, division):
    with pytest.raises(UnknownRegion):
        house.regions.resolve(db, division)


def test_a_new_region_counts_at_once(house):
    with house.database.transaction() as db:
        assert house.regions.resolve(db, "430602").code == "4306"
        house.regions.add(db, "430602", "岳阳楼区", ["430602"])
    with house.database.transaction() as db:
        assert house.regions.resolve(db, "430602").code == "430602"
        assert house.regions.resolve(db, "430603").code == "4306"


def test_a_site_without_regions_still_has_a_default(house):
    from suwen.kernel.regions import DEFAULT_CODE, Region, bump

    with house.database.transaction() as db:
        db.query(Region).delete()
        bump(db, "regions")
    with house.database.transaction() as db:
        assert house.regions.default(db).code == DEFAULT_CODE
        assert house.regions.resolve(db, "430602").code == DEFAULT_CODE
