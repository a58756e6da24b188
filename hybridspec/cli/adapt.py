"""A template made one's own: name, countries, board, cloud and latency written into its text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from hybridspec.base.closest import closest
from hybridspec.base.country_names import country_hint
from hybridspec.base.errors import UsageError
from hybridspec.base.units import UnitError, parse_duration
from hybridspec.editor.outline import Node, outline
from hybridspec.editor.scope import boards, catalogs, usable
from hybridspec.law.facts import members
from hybridspec.load.facts import expand_shipped, shipped_facts
from hybridspec.spec.catalog import RegionRow
from hybridspec.spec.quantity import NAME_PATTERN

_USUAL = ("DE", "US", "GB", "JP", "FR", "CA", "AU", "IN", "BR", "CN")
_REGIMES = {"GB": "uk-gdpr", "CN": "pipl", "BR": "lgpd", "IN": "dpdp"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the user asks of a template; empty means as the template has it."""

    name: str = "my-system"
    countries: tuple[str, ...] = ()
    board: str = ""
    provider: str = ""
    regions: tuple[str, ...] = ()
    latency: str = ""


def adapt(text: str, wishes: Wishes) -> str:
    """The template's text with every wish written at its place.

    Raises:
        UsageError: a wish that nothing can fulfil, with what there is instead.
    """
    root = outline(text)
    edits = [*_name(root, wishes), *_countries(root, text, wishes), *_boards(root, wishes),
             *_cloud(root, wishes), *_latency(root, wishes)]  # fmt: skip
    return replaced(text, edits)


Edit = tuple[int, int, str]


def replaced(text: str, edits: Iterable[Edit]) -> str:
    """The text with each range replaced; ranges do not overlap."""
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def put(root: Node, new: str, *path: str | int) -> Edit:
    """The edit that writes a value at a path that the template has."""
    node = root.at(*path)
    if node is None:
        raise AssertionError(f"the template has nothing at {path}")
    return node.start, node.end, new


def _name(root: Node, wishes: Wishes) -> Iterable[Edit]:
    if not re.fullmatch(NAME_PATTERN, wishes.name):
        raise UsageError(f"`{wishes.name}` is not a usable name",
                         help="use lower-case letters, digits and hyphens")  # fmt: skip
    yield put(root, wishes.name, "metadata", "name")


def _allowed(root: Node, wishes: Wishes) -> tuple[str, ...]:
    return expand_shipped(list(wishes.countries) or _texts(root, "zones", _first(root, "zones"),
                                                           "countries"))[0]  # fmt: skip


def _countries(root: Node, text: str, wishes: Wishes) -> Iterable[Edit]:
    if not wishes.countries:
        return
    allowed, unknown = expand_shipped(list(wishes.countries))
    if unknown:
        raise UsageError(f"`{unknown[0]}` is not a known country or bloc",
                         help=country_hint(unknown[0], blocs=True))  # fmt: skip
    for zone in _names(root, "zones"):
        yield put(root, _listed(wishes.countries), "zones", zone, "countries")
        yield put(root, _listed(_laws(allowed, text)), "zones", zone, "regimes")
    for site in _names(root, "sites"):
        if _texts(root, "sites", site, "country")[0] not in allowed:
            yield put(root, _home(allowed), "sites", site, "country")


def _home(allowed: tuple[str, ...]) -> str:
    return next((c for c in _USUAL if c in allowed), allowed[0])


def _laws(allowed: tuple[str, ...], text: str) -> list[str]:
    """The regimes that the countries bring with them, as far as the language knows them."""
    found = ["gdpr"] if set(allowed) & members(shipped_facts(), "EEA") else []
    found += [law for country, law in _REGIMES.items() if country in allowed]
    return [*found, *(["hipaa"] if "US" in allowed and "user.health" in text else [])]


def _boards(root: Node, wishes: Wishes) -> Iterable[Edit]:
    if not wishes.board:
        return
    row = boards().get(wishes.board)
    if row is None or not usable(row):
        there = [name for name, known in boards().items() if usable(known)]
        near = closest(wishes.board, there)
        raise UsageError(
            f"nothing can be placed on board `{wishes.board}`: "
            f"{'there is no such board' if row is None else 'its figures are not known'}",
            help=f"did you mean `{near}`?" if near else f"choose from: {', '.join(there)}",
        )
    for device in _names(root, "devices"):
        yield put(root, wishes.board, "devices", device, "board")
        security = [s for s in _texts(root, "devices", device, "security")
                    if s in row.capabilities]  # fmt: skip
        if root.at("devices", device, "security") is not None:
            yield put(root, _listed(security), "devices", device, "security")


def _cloud(root: Node, wishes: Wishes) -> Iterable[Edit]:
    cloud = _first(root, "clouds")
    mine = _texts(root, "clouds", cloud, "provider")[0]
    provider = wishes.provider or mine
    clouds = {name: c.regions for name, c in catalogs().items() if c.operator is not None}
    if provider not in clouds:
        raise UsageError(f"there is no provider `{provider}`",
                         help=f"choose from: {', '.join(sorted(clouds))}")  # fmt: skip
    rows, allowed = clouds[provider], _allowed(root, wishes)
    unknown = next((region for region in wishes.regions if region not in rows), None)
    if unknown is not None:
        near = closest(unknown, list(rows))
        raise UsageError(f"{provider} has no region `{unknown}`",
                         help=f"did you mean `{near}`?" if near
                         else f"`hybridspec catalog list` names those of {provider}")  # fmt: skip
    written = _texts(root, "clouds", cloud, "regions")
    keeps = provider == mine and all(rows[region].country in allowed for region in written)
    regions = list(wishes.regions) or (written if keeps else _best(rows, allowed, provider))
    entry = next(e for e in root.at("clouds").entries if e.key == cloud)  # type: ignore[union-attr]
    yield (
        entry.start, entry.node.end,
        f"{provider}: {{provider: {provider}, regions: {_listed(regions)}}}",
    )  # fmt: skip


def _best(rows: dict[str, RegionRow], allowed: tuple[str, ...], provider: str) -> list[str]:
    """At most two usable regions, those in the country of the sites first."""
    home = _home(allowed)
    usable_rows = [
        name for name, row in rows.items()
        if row.country in allowed and row.prices is not None and row.services
        and row.sovereign == "commercial" and row.kind == "region"
    ]  # fmt: skip
    if not usable_rows:
        priced = sorted({row.country for row in rows.values() if row.prices is not None})
        raise UsageError(
            f"{provider} has no region with known prices in {', '.join(allowed[:8])}",
            help=f"name another provider, or more countries: it has some in {', '.join(priced)}",
        )
    return sorted(usable_rows, key=lambda name: (rows[name].country != home, name))[:2]


def _latency(root: Node, wishes: Wishes) -> Iterable[Edit]:
    if not wishes.latency:
        return
    try:
        parse_duration(wishes.latency)
    except UnitError as fault:
        raise UsageError(f"`{wishes.latency}` is not a duration",
                         help=f"write it like {fault.example}") from None  # fmt: skip
    for flow in _names(root, "flows"):
        yield put(root, wishes.latency, "flows", flow, "latency", "bound")


def _names(root: Node, section: str) -> list[str]:
    node = root.get(section)
    return [] if node is None else node.names()


def _first(root: Node, section: str) -> str:
    return _names(root, section)[0]


def _texts(root: Node, *path: str | int) -> list[str]:
    node = root.at(*path)
    if node is None:
        return []
    return [e.node.text for e in node.entries] if node.kind == "list" else [node.text]


def _listed(values: Iterable[str]) -> str:
    return f"[{', '.join(values)}]"
