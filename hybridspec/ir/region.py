"""Regions of clouds as the Graph holds them: where they lie, what they cost, who runs them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from hybridspec.base.source import Span
from hybridspec.base.units import Price
from hybridspec.ir.law import Evidence, Implicit
from hybridspec.ir.origin import maybe, spanned


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What a managed service costs, in micro-units of each that `per` counts.

    `size` are the bytes that count as one message.
    """

    name: str
    per: str
    price: Price
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A virtual machine that serves inference, with its price in micro-units of an hour."""

    name: str
    vcpu: int
    price: Price


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """What a zone has in an account already, as its cloud names it; an empty name is made."""

    zone: str
    bucket: str
    key: str
    registry: str
    origin: Span = spanned()


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A cloud region that the user allows, with dated prices in micro-units.

    Storage per GB-month, egress per GB, serverless inference per GB-second, training per hour
    of `training_instance`, keys and registry per month. `operator_country` is the law that
    binds the operator, `carbon` the grams of CO2 equivalent per kilowatt-hour, `power` the
    milliwatts of a busy virtual CPU with its share of the building, `pair` the region it
    replicates to by itself, `administered_from` where the account's own administrators work,
    `agreements` what was signed with the operator, `existing` what zones adopt in the account,
    `implicit` the flows that it adds, `charges` what the managed services that are emitted cost,
    `instances` the machines that inference can be served from, `billed_step` and `billed_least`
    the microseconds that a serverless request is rounded up to and billed at least,
    `key_protection` how keys can be protected there as far as anybody states it, and `controls`
    those that what is emitted for it carries out, each with how. Quotas are how many
    training instances and cloud stages may run there at once, if known.
    """

    cloud: str
    provider: str
    name: str
    country: str
    partition: str
    operator: str
    storage_price: Price
    egress_price: Price
    inference_price: Price
    training_price: Price
    key_price: Price
    registry_price: Price
    training_instance: str
    services: tuple[str, ...]
    source: str
    account: str = ""
    operator_country: str | None = None
    charges: tuple[Charge, ...] = ()
    instances: tuple[Instance, ...] = ()
    billed_step: int = 1
    billed_least: int = 0
    carbon: int | None = None
    power: int | None = None
    pair: str | None = None
    administered_from: tuple[str, ...] = ()
    agreements: tuple[Evidence, ...] = ()
    existing: tuple[Adopted, ...] = ()
    implicit: tuple[Implicit, ...] = ()
    key_protection: tuple[str, ...] = ()
    controls: tuple[tuple[str, str], ...] = ()
    as_of: date | None = None
    training_quota: int | None = None
    inference_quota: int | None = None
    origin: Span = spanned()
    training_quota_origin: Span | None = maybe()
    inference_quota_origin: Span | None = maybe()

    @property
    def label(self) -> str:
        """`cloud/region`, unique in a spec."""
        return f"{self.cloud}/{self.name}"

    @property
    def keys_in(self) -> tuple[str, ...]:
        """Where keys of its store are, with what the operator copies elsewhere; none if unknown."""
        rows = [row.countries for row in self.implicit
                if row.facet == "keys" and not row.avoided_by]  # fmt: skip
        if not all(rows):
            return ()
        return tuple(sorted({self.country}.union(*rows)))
