"""``suwen ledger verify`` and ``suwen audit verify``: exit status 1 and the first fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from suwen.cli.program import Program


@click.group()
def ledger() -> None:
    """Prove the ledger."""


@ledger.command("verify")
@click.pass_context
def verify_ledger(ctx: click.Context) -> None:
    """Every entry balances, balances are the sums of postings, nothing was altered."""
    from suwen.ledger.services import ledger as ledger_of

    program: Program = ctx.obj
    with program.house.database.snapshot() as session:
        verdict = ledger_of(program.house, session).verify()
    _report(
        ctx,
        verdict.fault,
        f"ledger: {verdict.entries} entries",
        {
            "ok": verdict.ok,
            "entries": verdict.entries,
            "trial_balance_fen": verdict.trial_balance_fen,
            "accounts": [
                {"code": account.code, "balance_fen": account.balance_fen}
                for account in verdict.accounts
            ],
        },
    )


@click.group()
def audit() -> None:
    """Prove the audit log."""


@audit.command("verify")
@click.pass_context
def verify_audit(ctx: click.Context) -> None:
    """Every event is as it was written, none is missing."""
    program: Program = ctx.obj
    with program.house.database.snapshot() as session:
        verdict = program.house.audit.verify(session)
    answer = {"ok": verdict.ok, "events": verdict.rows}
    _report(ctx, verdict.fault, f"audit: {verdict.rows} events", answer)


def _report(ctx: click.Context, fault: str, counted: str, answer: dict[str, Any]) -> None:
    program: Program = ctx.obj
    program.show({**answer, "fault": fault or None})
    if fault:
        click.echo(f"suwen: {fault}", err=True)
        ctx.exit(1)
    program.say(f"{counted}, no fault")
