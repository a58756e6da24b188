"""Regions of the clouds: names to rows of the catalogue, with what they cost and offer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hybridspec.base.diagnostic import Diagnostic, Sink
from hybridspec.base.edit import put
from hybridspec.base.source import Origins, Span
from hybridspec.ir.graph import Region
from hybridspec.ir.law import LawFacts
from hybridspec.ir.region import Adopted, Charge, Instance
from hybridspec.law.facts import expand
from hybridspec.resolve.implicit import countries_of, of_region
from hybridspec.resolve.price import unlikely
from hybridspec.resolve.references import lookup
from hybridspec.resolve.zone import countries
from hybridspec.spec.catalog import Catalog, RegionRow
from hybridspec.spec.cloud import Cloud
from hybridspec.spec.document import Spec


def resolve_regions(
    spec: Spec, origins: Origins, catalogs: Mapping[str, Catalog],
    needs: Mapping[str, tuple[str, ...]], law: LawFacts, sink: Sink,
) -> tuple[Region, ...]:  # fmt: skip
    """Every region that the clouds of the spec may use, where its country and prices are known."""
    clouds = {n: catalog for n, catalog in catalogs.items() if catalog.operator is not None}
    found: list[Region] = []
    for cloud, written in spec.clouds.items():
        span = origins.value("clouds", cloud, "provider")
        catalog = lookup(written.provider, clouds, sink, span=span, kind="cloud target")
        if catalog is None:
            continue
        mine: dict[str, Region] = {}
        admins = countries(written.administered_from or [], ("clouds", cloud, "administered_from"),
                           (law, spec.metadata.as_of), origins, sink)  # fmt: skip
        inside = _inside_zones(spec, catalog, law)
        charges = _charges(cloud, written, catalog, origins, sink)
        existing = _existing(cloud, spec, origins, sink)
        for index, name in enumerate(written.regions):
            owner = _owner(name, catalog, clouds)
            if owner:
                place = origins.value("clouds", cloud, "regions", index)
                sink.add(_of_another(name, written.provider, owner, inside, place))
                continue
            region = _region(cloud, written.provider, name, index, catalog, inside, origins, sink)
            if region is not None and _offers(region, needs[written.provider], sink):
                _compare(region, written, origins, sink, spec.metadata.currency)
                priced = _limited(_agreed(region, written), written, origins)
                mine.setdefault(name, replace(priced, administered_from=admins, charges=charges,
                                              existing=existing))  # fmt: skip
        _one_partition(cloud, tuple(mine.values()), sink)
        found.extend(mine.values())
    return tuple(found)


def _owner(name: str, catalog: Catalog, clouds: Mapping[str, Catalog]) -> str:
    """The provider that has a region of this name, if the cloud's own has none."""
    if name in catalog.regions or name in catalog.locations:
        return ""
    return next((other for other, theirs in sorted(clouds.items()) if name in theirs.regions), "")


def _of_another(name: str, mine: str, owner: str, inside: list[str], span: Span) -> Diagnostic:
    such = f", such as `{inside[0]}`" if inside else ""
    return Diagnostic(
        code="HS0224", message=f"`{name}` is a region of `{owner}`, and this cloud is `{mine}`",
        span=span, fixes=put(span, inside[0]) if inside else (),
        help=f"name a region of `{mine}`{such}, or give `{name}` a cloud with `provider: {owner}`",
    )  # fmt: skip


def _inside_zones(spec: Spec, catalog: Catalog, law: LawFacts) -> list[str]:
    """The priced regions that lie in a zone of the spec: what a misspelt one probably meant."""
    within = {
        country for zone in spec.zones.values()
        for country in expand(zone.countries, law, spec.metadata.as_of)[0]
    }  # fmt: skip
    return [name for name, row in catalog.regions.items()
            if row.country in within and row.prices is not None]  # fmt: skip


def _offers(region: Region, needs: tuple[str, ...], sink: Sink) -> bool:
    missing = [service for service in needs if service not in region.services]
    if missing:
        sink.add(_lacking(region.name, "services " + ", ".join(missing), region.origin))
    return not missing


def _lacking(region: str, lack: str, span: Span) -> Diagnostic:
    return Diagnostic(
        code="HS0224", message=f"the catalogue knows no {lack} for region `{region}`", span=span,
        help="remove the region; nothing can be placed where prices or services are unknown",
    )  # fmt: skip


_PRICES = {
    "storage_gb_month": "storage_price", "egress_gb": "egress_price",
    "inference_gb_second": "inference_price", "training_hour": "training_price",
    "key_month": "key_price", "registry_gb_month": "registry_price",
}  # fmt: skip


def _compare(region: Region, written: Cloud, origins: Origins, sink: Sink, currency: str) -> None:
    """A finding for each price of the account that is far from that of the list."""
    for key, field in _PRICES.items() if written.prices is not None else ():
        price = getattr(written.prices, key)
        if price is not None:
            span = origins.value("clouds", region.cloud, "prices", key)
            usual, what = getattr(region, field), f"`{key}` in {region.label}"
            found = unlikely(price, usual, what, span, currency)
            sink.extend([found] if found is not None else [])


def _agreed(region: Region, written: Cloud) -> Region:
    """The region with the account's own prices in place of the list's."""
    own = {} if written.prices is None else {
        field: price for key, field in _PRICES.items()
        if (price := getattr(written.prices, key)) is not None
    }  # fmt: skip
    source = f"{region.source}; {len(own)} prices from the spec" if own else region.source
    return replace(region, account=written.account or "", source=source, **own)


def _limited(region: Region, written: Cloud, origins: Origins) -> Region:
    """The region with the account's quotas, which hold in each region."""
    if written.quotas is None:
        return region
    path = ("clouds", region.cloud, "quotas")
    return replace(
        region,
        training_quota=written.quotas.training_instances,
        inference_quota=written.quotas.inference_concurrency,
        training_quota_origin=origins.key(*path, "training_instances"),
        inference_quota_origin=origins.key(*path, "inference_concurrency"),
    )


def _existing(cloud: str, spec: Spec, origins: Origins, sink: Sink) -> tuple[Adopted, ...]:
    """What the zones of the spec adopt in an account; a zone that there is not is a finding."""
    found = []
    for zone, named in spec.clouds[cloud].existing.items():
        place = origins.key("clouds", cloud, "existing", zone)
        if lookup(zone, spec.zones, sink, span=place, kind="zone") is not None:
            found.append(Adopted(
                zone=zone, bucket=named.bucket or "", key=named.encryption_key or "",
                registry=named.registry or "", origin=place,
            ))  # fmt: skip
    return tuple(found)


def _charges(
    cloud: str, written: Cloud, catalog: Catalog, origins: Origins, sink: Sink
) -> tuple[Charge, ...]:
    """What managed services cost in an account; a name that is none is a finding."""
    own = {} if written.prices is None else written.prices.services
    for name in sorted(own.keys() - catalog.charges.keys()):
        lookup(name, catalog.charges, sink, kind="priced service",
               span=origins.key("clouds", cloud, "prices", "services", name))  # fmt: skip
    return tuple(
        Charge(name=name, per=row.per, price=own.get(name, row.price), size=row.size or 0)
        for name, row in sorted(catalog.charges.items())
    )


def _one_partition(cloud: str, regions: tuple[Region, ...], sink: Sink) -> None:
    """An account never spans partitions: identities, keys and names of one mean nothing outside."""
    for region in regions:
        if region.partition != regions[0].partition:
            sink.add(Diagnostic(
                code="HS0224",
                message=f"region `{region.name}` lies in partition `{region.partition}`, but "
                f"`{regions[0].name}` of the same cloud in `{regions[0].partition}`",
                span=region.origin,
                help=f"give its partition a cloud of its own beside `{cloud}` in `clouds`",
            ))  # fmt: skip


def _several(name: str, catalog: Catalog, inside: list[str], span: Span) -> Diagnostic:
    found = ", ".join(countries_of(name, catalog)) or "places that nobody states"
    choice = f", such as `{inside[0]}`" if inside else ""
    return Diagnostic(
        code="HS0224",
        message=f"`{name}` is no region but a name for several, in {found}", span=span,
        help=f"name one region{choice}; what is kept in `{name}` may lie in any of these countries",
    )  # fmt: skip


def _region(
    cloud: str, provider: str, name: str, index: int, catalog: Catalog, inside: list[str],
    origins: Origins, sink: Sink,
) -> Region | None:  # fmt: skip
    span = origins.value("clouds", cloud, "regions", index)
    if name in catalog.locations:
        sink.add(_several(name, catalog, inside, span))
        return None
    row = lookup(name, catalog.regions, sink, span=span, kind="region", code="HS0224",
                 likely=inside)  # fmt: skip
    if row is None or catalog.operator is None:
        return None
    if row.prices is None:
        sink.add(_lacking(name, "prices", span))
        return None
    prices, operator = row.prices, row.operator or catalog.operator
    return Region(
        cloud=cloud,
        provider=provider,
        name=name,
        country=row.country,
        partition=row.partition,
        operator=f"{operator.name} ({operator.jurisdiction})",
        storage_price=prices.storage_gb_month,
        egress_price=prices.egress_gb,
        inference_price=prices.inference_gb_second,
        training_price=prices.training_hour,
        key_price=prices.key_month,
        registry_price=prices.registry_gb_month,
        training_instance=catalog.training_instance or "",
        instances=_instances(name, catalog),
        billed_step=catalog.serverless.step if catalog.serverless else 1,
        billed_least=catalog.serverless.least if catalog.serverless else 0,
        services=tuple(row.services),
        source=row.source,
        operator_country=operator.jurisdiction,
        pair=row.pair,
        power=None
        if catalog.cpu_power is None
        else round(catalog.cpu_power * (catalog.building or 1)),
        implicit=of_region(provider, name, catalog),
        key_protection=_key_protection(row, catalog),
        as_of=row.as_of or catalog.as_of,
        origin=span,
    )


def _instances(region: str, catalog: Catalog) -> tuple[Instance, ...]:
    """The machines that inference can be served from; estimates are of processors alone."""
    return tuple(
        Instance(name=name, vcpu=row.vcpu, price=row.hour[region])
        for name, row in sorted(catalog.instances.items())
        if "inference" in row.purpose and row.accelerator is None and region in row.hour
    )


def _key_protection(row: RegionRow, catalog: Catalog) -> tuple[str, ...]:
    """How keys can be protected there, as far as anybody states it."""
    partition = catalog.partitions.get(row.partition)
    stated = row.key_protection if row.key_protection is not None else (
        partition.key_protection if partition else ()
    )  # fmt: skip
    return tuple(sorted(stated))
