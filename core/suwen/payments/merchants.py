"""Settling past the switch: which settings a call about an old attempt is made with.

An attempt remembers the merchant account it was made with. While the region still uses that
merchant, its present settings count (keys rotate); after the region has changed to another one,
the settings that were kept do.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import colander
from sqlalchemy import select

from suwen.hookspecs.common import PluginContext
from suwen.hookspecs.payment import PaymentGateway
from suwen.kernel import clock, ids
from suwen.kernel.cache import VersionedCache, versions_of
from suwen.kernel.http import for_plugin
from suwen.kernel.upsert import insert_for
from suwen.payments.models import PaymentAccount

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.house import House
    from suwen.kernel.plugins.registry import Registered

Gateway = PaymentGateway

IDENTITY: Final = frozenset(
    {"mchid", "mch_id", "appid", "app_id", "mer_id", "merid", "merchant_id", "seller_id"}
)
"""Settings that identify a merchant unless the schema marks its nodes with ``merchant=True``."""


class Merchants:
    """Merchant accounts of the gateways in one session."""

    def __init__(self, house: House, db: Session) -> None:
        """Read present settings from the house's switch."""
        self._house, self._db = house, db
        self._cache: VersionedCache = house.ports.setdefault(
            "payments.accounts", VersionedCache("plugins")
        )

    def remember(self, item: Registered[Gateway], region: str) -> int:
        """Id of the account that the region uses now, its settings kept; ``colander.Invalid``.

        The process knows it until somebody changes a setting, once a transaction has found it whole.
        """
        known = self._known(item, region)
        if "account" not in known:
            account_id, whole = self._account(item, region)
            if not whole:
                return account_id
            known["account"] = account_id
        return known["account"]

    def _known(self, item: Registered[Gateway], region: str) -> dict[str, int]:
        found: dict[str, int] = self._cache.get(versions_of(self._db), (item.code, region), dict)
        return found

    def _account(self, item: Registered[Gateway], region: str) -> tuple[int, bool]:
        """Id of the present account, and whether it stood already, with the present settings."""
        raw = self._raw(item, region)
        merchant = merchant_of(item.obj, self._house.switch.settings(self._db, region, item))
        digest = self._house.vault.mac("payment account", _dump(raw).encode())
        query = select(PaymentAccount).where(
            PaymentAccount.gateway == item.code,
            PaymentAccount.region == region,
            PaymentAccount.merchant == merchant,
        )
        found = self._db.scalars(query).first()
        if found is None:
            return self._keep(item.code, region, merchant, raw, digest), False
        if found.settings_hash == digest:
            return found.id, found.id not in self._written()
        found.settings = self._sealed(found.id, raw)
        found.settings_hash, found.updated_at = digest, clock.now()
        self._written().add(found.id)
        return found.id, False

    def _written(self) -> set[int]:
        """Accounts that this transaction wrote, and may take back."""
        written: set[int] = self._db.info.setdefault("payments.accounts", set())
        return written

    def _keep(
        self, gateway: str, region: str, merchant: str, raw: Mapping[str, Any], digest: str
    ) -> int:
        account_id = ids.new_id()
        values = {
            "id": account_id,
            "gateway": gateway,
            "region": region,
            "merchant": merchant,
            "settings": self._sealed(account_id, raw),
            "settings_hash": digest,
            "updated_at": clock.now(),
        }
        unique = ["gateway", "region", "merchant"]
        statement = insert_for(self._db, PaymentAccount).values(**values)
        # Updating a column to itself locks the row and returns it, be it new or another's.
        statement = statement.on_conflict_do_update(
            index_elements=unique, set_={"gateway": statement.excluded.gateway}
        ).returning(PaymentAccount.id)
        account_id = int(self._db.execute(statement).scalar_one())
        self._written().add(account_id)
        return account_id

    def context(self, item: Registered[Gateway], region: str, account_id: int) -> PluginContext:
        """What a call about an attempt of this account is given; ``colander.Invalid``."""
        if self._known(item, region).get("account") == account_id:
            return self.present(item, region)
        account = self._db.get_one(PaymentAccount, account_id)
        try:
            settings = self._house.switch.settings(self._db, region, item)
        except colander.Invalid:
            return self._made(region, _read(item.obj, self._opened(account)))
        if merchant_of(item.obj, settings) != account.merchant:
            settings = _read(item.obj, self._opened(account))
        return self._made(region, settings)

    def present(self, item: Registered[Gateway], region: str) -> PluginContext:
        """What a call with the region's present settings is given; ``colander.Invalid``."""
        return self._made(region, self._house.switch.settings(self._db, region, item))

    def contexts(self, item: Registered[Gateway], region: str) -> Iterator[PluginContext]:
        """All that a notification may be verified with: the present settings, then kept ones, which
        are read only if they are asked for.
        """
        found: list[Mapping[str, Any]] = []
        for read in (self._present_settings, self._kept_settings):
            for settings in read(item, region):
                if settings not in found:
                    found.append(settings)
                    yield self._made(region, settings)

    def _present_settings(self, item: Registered[Gateway], region: str) -> Iterator[Any]:
        with contextlib.suppress(colander.Invalid):
            yield self._house.switch.settings(self._db, region, item)

    def _kept_settings(self, item: Registered[Gateway], region: str) -> Iterator[Any]:
        query = select(PaymentAccount).where(
            PaymentAccount.gateway == item.code, PaymentAccount.region == region
        )
        for account in self._db.scalars(query).all():
            with contextlib.suppress(colander.Invalid):
                yield _read(item.obj, self._opened(account))

    def _raw(self, item: Registered[Gateway], region: str) -> Mapping[str, Any]:
        offering = self._house.switch.offering(self._db, region)
        return offering.raw_settings(item.plugin, item.code)

    def _sealed(self, account_id: int, raw: Mapping[str, Any]) -> bytes:
        return self._house.vault.house.seal(_dump(raw), f"payment_account:settings:{account_id}")

    def _opened(self, account: PaymentAccount) -> Mapping[str, Any]:
        aad = f"payment_account:settings:{account.id}"
        opened: dict[str, Any] = json.loads(
            self._house.vault.house.open_text(account.settings, aad)
        )
        return opened

    def _made(self, region: str, settings: Mapping[str, Any]) -> PluginContext:
        switch = self._house.switch
        return PluginContext(
            region=region,
            settings=settings,
            now=clock.now,
            transport=for_plugin(switch.transport, settings),
            environment=self._house.settings.environment,
            extra=switch.extra,
        )


def merchant_of(gateway: Gateway, settings: Mapping[str, Any]) -> str:
    """What identifies the merchant with the provider, in at most 120 characters."""
    nodes = gateway.settings_schema().children
    marked = [node.name for node in nodes if getattr(node, "merchant", False)]
    names = marked or [node.name for node in nodes if node.name.lower() in IDENTITY]
    text = ",".join(f"{name}={settings.get(name)}" for name in sorted(names))
    return text if len(text) <= 120 else hashlib.sha256(text.encode()).hexdigest()


def _read(gateway: Gateway, raw: Mapping[str, Any]) -> Mapping[str, Any]:
    settings: Mapping[str, Any] = gateway.settings_schema().deserialize(dict(raw))
    return settings


def _dump(raw: Mapping[str, Any]) -> str:
    return json.dumps(dict(raw), ensure_ascii=False, sort_keys=True, default=str)
