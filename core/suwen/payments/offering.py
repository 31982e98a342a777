"""Which gateways are offered for a purchase, and why the others are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import colander
import structlog

from suwen.hookspecs.payment import Denied, OfferContext, PaymentGateway
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.plugins.host import PluginHost
    from suwen.kernel.plugins.registry import Registered
    from suwen.kernel.plugins.switch import Offering, Switch

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Method:
    """A gateway that is offered. ``creates`` is ``order`` or ``intent``."""

    gateway: str
    title: str
    creates: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A gateway that is not offered; ``reason`` is for people, ``reason_code`` for machines."""

    gateway: str
    title: str
    reason_code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Methods:
    """The answer to one look: offered in the region's order, refused by code."""

    offered: Sequence[Method]
    refused: Sequence[Refusal]

    def refusal(self, gateway: str) -> Refusal | None:
        """Why this gateway is not offered, if that is known."""
        return next((item for item in self.refused if item.gateway == gateway), None)


class Offers(Protocol):
    """Whoever can say which methods there are."""

    def methods(self, context: OfferContext) -> Methods:
        """Offered and refused gateways for a purchase."""
        ...


class MethodFinder:
    """Asks the switch, the settings, the limits and the vetoes, in this order."""

    def __init__(self, db: Session, host: PluginHost, switch: Switch) -> None:
        """Look in ``host`` for gateways and vetoes, and at ``switch`` for the region."""
        self._db, self._host, self._switch = db, host, switch

    def methods(self, context: OfferContext) -> Methods:
        """Offered and refused gateways for a purchase in ``context.region``."""
        offering = self._switch.offering(self._db, context.region)
        offered = list(offering.of(self._host.gateways))
        hidden = [item for item in self._host.gateways if item not in offered]
        methods, refused = [], []
        for item in (*offered, *hidden):
            denied = self._denied(offering, item, context)
            if denied is None:
                policy = item.obj.info.order_policy
                methods.append(Method(item.code, item.title, policy.value))
            else:
                refused.append(Refusal(item.code, item.title, denied.reason_code, denied.reason))
        return Methods(methods, refused)

    def is_off(self, region: str, plugin: str) -> bool:
        """Whether the region has the plugin off, which draining is not."""
        return self._switch.offering(self._db, region).state(plugin) == "disabled"

    def _denied(
        self, offering: Offering, item: Registered[PaymentGateway], context: OfferContext
    ) -> Denied | None:
        state = offering.state(item.plugin)
        if state != "enabled":
            return Denied(f"plugin_{state}", _("此服务地区未开通该支付方式"))
        try:
            settings = self._switch.settings(self._db, context.region, item)
        except colander.Invalid:
            return Denied("not_configured", _("该支付方式尚未完成设置"))
        info = item.obj.info
        if context.amount_fen < info.min_fen:
            return Denied("amount_too_small", _("金额低于该支付方式的下限"))
        if context.amount_fen > info.max_fen:
            return Denied("amount_too_large", _("金额超过该支付方式的上限"))
        return self._vetoed(offering, item, context, settings)

    def _vetoed(
        self,
        offering: Offering,
        item: Registered[PaymentGateway],
        context: OfferContext,
        settings: Mapping[str, Any],
    ) -> Denied | None:
        """The first denial. Receivers are called one by one: one that raises stops no other."""
        for veto in self._host.manager.hook.suwen_payment_veto.get_hookimpls():
            if not offering.enabled(veto.plugin_name):
                continue
            own = veto.plugin_name == item.plugin
            # Settings may hold secrets: only the gateway's own plugin sees them.
            seen = replace(context, settings=settings if own else {})
            denied = _ask(veto, item.code, seen)
            if isinstance(denied, Denied):
                return denied
            if denied is not None and own:
                return Denied("veto_failed", _("该支付方式暂时不可用"))
        return None


def _ask(veto: Any, gateway: str, context: OfferContext) -> Any:
    """The receiver's answer, or the exception that it raised."""
    arguments = {"gateway": gateway, "context": context}
    try:
        answer = veto.function(*(arguments[name] for name in veto.argnames))
    except Exception as error:  # noqa: BLE001 - a plugin's failure is its own
        log.warning("payments.veto_failed", plugin=veto.plugin_name, error=type(error).__name__)
        return error
    if answer is not None and not isinstance(answer, Denied):
        log.warning("payments.veto_invalid", plugin=veto.plugin_name, kind=type(answer).__name__)
    return answer
