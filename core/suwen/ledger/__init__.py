"""Double-entry ledger (账本): every fen that moves inside the house."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyramid.config import Configurator

    from suwen.kernel.house import House


def includeme(config: Configurator) -> None:
    """Mount the member's balance page, the API and the sealing job."""
    from suwen.kernel.i18n import _
    from suwen.ledger import tasks
    from suwen.ledger.personal import LedgerData

    house: House = config.registry.house
    config.add_route("ledger.balance", "/account/balance")
    config.scan("suwen.ledger.views")
    config.add_suwen_nav(
        "storefront.member", _("账户余额"), "ledger.balance", order=40, icon="wallet2"
    )
    house.ports.setdefault("personal_data", []).append(LedgerData(house))
    house.jobs.periodic("ledger.seal", lambda: tasks.seal(house), every_minutes=5)
