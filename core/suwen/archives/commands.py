"""``suwen report``: importing and releasing reports from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from suwen.accounts.staffing.reach import ANYWHERE
from suwen.archives.services import archives, importing
from suwen.archives.states import REPORT
from suwen.hookspecs.archive import Upload
from suwen.kernel import ids
from suwen.kernel.errors import NotFound

REPORTS = "staff.reports"
_AS = click.option("--as", "address", required=True, help="Whose permission counts.")


@click.group("report")
def report() -> None:
    """Import and release reports."""


@report.command("list")
@click.option("--state", type=click.Choice(sorted(REPORT.states)), help="Only those in this state.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@click.pass_obj
def list_(program: Any, state: str | None, limit: int) -> None:
    """List reports, newest first; contents stay sealed."""
    with program.house.database.snapshot() as db:
        rows, _cursor = archives(program.house, db).page_for_staff(ANYWHERE, state, None, limit)
    program.table(
        ["id", "state", "type", "region", "version", "created_at"],
        [
            (str(row.id), row.state, row.type, row.region, row.version, row.created_at.isoformat())
            for row in rows
        ],
    )


@report.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--order", "order_number", required=True, help="Number of the order.")
@click.option("--line", help="Id of the order's line, when it has several.")
@click.option("--dry-run", is_flag=True, help="Look into the file only.")
@_AS
@click.pass_obj
def import_(
    program: Any,
    file: Path,
    order_number: str,
    line: str | None,
    *,
    dry_run: bool,
    address: str,
) -> None:
    """Import one PDF report for a line of an order."""
    house = program.wired()
    upload = Upload(file.name, file.read_bytes())
    with house.database.transaction() as db:
        actor, reach = program.acting_in(db, address, REPORTS)
        service = importing(house, db)
        target = service.target(order_number, ids.parse(line), reach)
        if dry_run:
            inspection = service.inspect(target, upload)
            found = {"file": file.name, "state": "acceptable", "pages": inspection.pages}
        else:
            record = service.import_report(target, upload, actor)
            found = {"file": file.name, "id": str(record.id), "state": record.state}
    program.say(f"{file.name}: {found['state']}")
    program.show(found)


@report.command("release")
@click.argument("record_id")
@_AS
@click.pass_obj
def release(program: Any, record_id: str, address: str) -> None:
    """Let the subject read a report that was matched."""
    house = program.wired()
    with house.database.transaction() as db:
        actor, reach = program.acting_in(db, address, REPORTS)
        service = importing(house, db)
        number = ids.parse(record_id)
        if number is None:
            raise NotFound
        record = service.get(number, reach)
        service.release(record, actor)
        state = record.state
    house.jobs.wake()
    program.say(f"{record_id}: {state}")
    program.show({"id": record_id, "state": state})
