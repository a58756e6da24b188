"""What laws ask beside a place, looked up duty by duty in the rows of the pack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from sovereignty.fact_table import FactTable, Row, in_force, under

from hybridspec.base.country import COUNTRIES
from hybridspec.ir.graph import DeviceClass, Graph
from hybridspec.ir.law import Evidence
from hybridspec.ir.region import Region
from hybridspec.ir.verdict import Place
from hybridspec.ir.zone import Zone

NOT_PLACES = ("keep", "limit")


def duties(
    graph: Graph, table: FactTable, row: Row, zone: Zone, categories: Iterable[str], facet: str,
    place: Place,
) -> Iterator[str]:  # fmt: skip
    """What each duty of a law says; those that are about something else say nothing."""
    on = date.fromisoformat(graph.as_of)
    held = list(categories)
    home = table.countries(row.get("home", ()))
    for duty in row.get("duties", ()):
        kinds, facets = duty.get("categories", ()), duty.get("facets", ())
        if (
            in_force(duty, on)
            and duty["kind"] not in NOT_PLACES
            and _ours(graph, row, duty)
            and (not facets or facet in facets)
            and (not kinds or any(under(category, kinds) for category in held))
            and _here(duty, place)
            and (duty.get("abroad") != "true" or _abroad(home, place))
        ):
            met = _met(graph, duty, zone, place, on)
            yield "violated" if duty.get("hard") == "true" and not met else "conditional"


def _ours(graph: Graph, row: Row, duty: Row) -> bool:
    """A duty of some roles binds whoever has one of them, or none that the law tells apart."""
    told_apart = {
        role
        for part in (*row.get("duties", ()), *row.get("applies", ()))
        for role in part.get("roles", ())
    }
    mine = set(graph.roles) & told_apart
    return not duty.get("roles") or not mine or bool(mine & set(duty["roles"]))


def _here(duty: Row, place: Place) -> bool:
    own = place.recipient == "own"
    return {"agreement": not own, "key": not own, "device": own}.get(duty["kind"], True)


def _abroad(home: frozenset[str], place: Place) -> bool:
    if place.recipient == "own":
        return False
    where = [*place.countries, place.operator or ""]
    return not place.countries or not all(c in home and c in COUNTRIES for c in where)


def _met(graph: Graph, duty: Row, zone: Zone, place: Place, on: date) -> bool:
    needs = duty["needs"]
    if duty["kind"] == "evidence":
        return shown(zone.evidence, needs, on)
    if duty["kind"] == "agreement":
        signed = [region.agreements for region in graph.regions if region.cloud == place.recipient]
        return any(shown(one, needs, on) for one in (*signed, zone.evidence))
    if duty["kind"] == "device":
        there = _standing(graph, place)
        return bool(there) and all(_trusted(device, needs) for device in there)
    if duty["kind"] == "control":
        return _controlled(graph, needs, place) or shown(zone.evidence, needs, on)
    region = _region(graph, place)
    return region is not None and zone.key_protection == needs and (
        needs != "hsm" or "hsm" in region.key_protection
    )  # fmt: skip


def _controlled(graph: Graph, control: str, place: Place) -> bool:
    if control == "event-logging":
        return graph.observability.log_level in ("debug", "info")
    if place.recipient == "own":
        there = _standing(graph, place)
        return bool(there) and all(_carries(device, control) for device in there)
    region = _region(graph, place)
    regions = [region] if region else [r for r in graph.regions if r.cloud == place.recipient]
    return bool(regions) and all(dict(r.controls).get(control) for r in regions)


def _carries(device: DeviceClass, control: str) -> bool:
    encrypted = control == "encryption-at-rest" and _trusted(device, "encrypted-storage")
    return encrypted or bool(dict(device.controls).get(control))


def _trusted(device: DeviceClass, function: str) -> bool:
    able = {function} | ({"tpm"} if function == "attestation" else set())
    return function in device.security and bool(able & set(device.board.capabilities))


def _standing(graph: Graph, place: Place) -> list[DeviceClass]:
    """The devices in a place; nobody knows them if some country of it has none."""
    if not {*place.countries} <= {site.country for site in graph.sites}:
        return []
    return [
        devices.device_class
        for site in graph.sites if site.country in place.countries for devices in site.devices
    ]  # fmt: skip


def _region(graph: Graph, place: Place) -> Region | None:
    return next((r for r in graph.regions if place.name == f"region {r.label}"), None)


def shown(documents: Iterable[Evidence], kind: str, on: date) -> bool:
    """Whether a document of a kind is named that has not run out."""
    return any(
        document.kind == kind
        and (document.expires is None or on <= date.fromisoformat(document.expires))
        for document in documents
    )
