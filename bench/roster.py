"""Import of a roster: 10,000 rows with faults in 50, preview and writing, time and memory.

    python bench/roster.py [--rows 10000] [--faults 50] [--sqlite]

On PostgreSQL as the other benchmarks, or with ``--sqlite`` on a file. The preview must name exactly
the rows that were spoilt, and the roster must hold exactly the others; else it fails.
"""

from __future__ import annotations

import argparse
import io
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import xlsxwriter
from benchlib import database, figure
from sqlalchemy import func, select

from suwen.accounts.contacts import parse
from suwen.accounts.services import Registration, accounts
from suwen.groups import imports, writing
from suwen.groups.models import RosterPerson
from suwen.groups.services import group
from suwen.kernel import house as kernel_house
from suwen.kernel import migrations, settings
from suwen.kernel.audit import Actor
from suwen.kernel.regions import DEFAULT_CODE

HEADINGS = ("姓名", "出生日期", "性别", "手机号", "邮箱", "部门", "工号")
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"
GIVEN = "安博晨达恩芳刚海佳凯兰敏宁鹏琴然思涛文欣雅泽"


def sheet(rows: int, faults: set[int]) -> bytes:
    """The workbook; the faulty rows have an impossible birth date."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    page = book.add_worksheet()
    page.write_row(0, 0, HEADINGS)
    for number in range(1, rows + 1):
        name = SURNAMES[number % 16] + GIVEN[number % 22] + GIVEN[number // 22 % 22]
        born = f"{1960 + number % 45}-{1 + number % 12:02d}-{1 + number % 28:02d}"
        born = "1990-02-30" if number + 1 in faults else born
        sex, department = "男女"[number % 2], f"第 {number % 40} 部"
        phone, mail = f"138{number:08d}", f"p{number}@company.example"
        page.write_row(number, 0, (name, born, sex, phone, mail, department, f"N{number:06d}"))
    book.close()
    return file.getvalue()


def peak_mb() -> float:
    """The most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class Watch:
    """Seconds that passed, and those in which this process was at work."""

    def __init__(self) -> None:
        """Begin now."""
        self._passed, self._worked = time.perf_counter(), time.process_time()

    def __str__(self) -> str:
        """Both."""
        passed, worked = time.perf_counter() - self._passed, time.process_time() - self._worked
        return f"{passed:.2f} s ({worked:.2f} s of processor)"


def open_house(url: str, folder: Path) -> Any:
    """A house on a migrated database, without plugins."""
    values = {
        "suwen.environment": "development",
        "suwen.data_dir": str(folder),
        "suwen.database_url": url,
        "suwen.queue_url": "memory://",
        "suwen.plugins": "false",
    }
    house = kernel_house.build(settings.load(values, environ={}))
    migrations.upgrade(house)
    return house


def company(house: Any) -> int:
    """A group member."""
    with house.database.transaction() as db:
        house.regions.add(db, DEFAULT_CODE, "全国", [""])
        wanted = Registration(
            "group@company.example",
            "",
            "",
            DEFAULT_CODE,
            kind="group",
            group_name="某公司",
            group_nature="enterprise",
        )
        return int(accounts(house, db).create(parse("group@company.example"), wanted, None).id)


def measure(house: Any, rows: int, wanted: int) -> None:
    """Preview, confirmation, writing."""
    faults = {2 + number * rows // wanted for number in range(wanted)}
    content = sheet(rows, faults)
    group_id = company(house)
    actor = Actor("member", group_id)
    before, watch = peak_mb(), Watch()
    reading = imports.read_sheet(io.BytesIO(content), house.vault, group_id)
    size = f"{rows:,} rows, {len(content) >> 10} KB"
    figure("roster, reading", f"{size}: {watch}, +{peak_mb() - before:.0f} MB")
    watch = Watch()
    with house.database.transaction() as db:
        made = group(house, db, group_id, group_id).imports.keep(reading, actor)
    figure("roster, keeping the preview", str(watch))
    with house.database.snapshot() as db:
        found = group(house, db, group_id, group_id).imports.all_faults(made.id)
        named = {row.number for row in found}
        written = db.scalar(select(func.count()).select_from(RosterPerson))
    if named != faults or written:
        raise SystemExit(f"preview: {len(named ^ faults)} rows are wrong, {written} were written")
    with house.database.transaction() as db:
        group(house, db, group_id, group_id).imports.confirm(made.id, actor)
    del reading
    before, watch = peak_mb(), Watch()
    writing.run(house, {"import_id": str(made.id)})
    figure("roster, writing", f"{watch}, +{peak_mb() - before:.0f} MB")
    with house.database.snapshot() as db:
        written = db.scalar(select(func.count()).select_from(RosterPerson))
    if written != rows - wanted:
        raise SystemExit(f"{written} people instead of {rows - wanted}")
    figure("roster, result", f"{len(named)} faulty rows named, {written:,} people, no more")
    figure("roster, peak of the process", f"{peak_mb():.0f} MB")


def main() -> int:
    """Measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--faults", type=int, default=50)
    parser.add_argument("--sqlite", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.sqlite:
            url = f"sqlite:///{folder}/suwen.db"
            house = open_house(url, Path(folder))
            measure(house, options.rows, options.faults)
            house.close()
            return 0
        with database() as url:
            house = open_house(url, Path(folder))
            measure(house, options.rows, options.faults)
            house.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
