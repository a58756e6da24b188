"""What is known about a name: a board's price, a region's country, what a stage does."""

from __future__ import annotations

from hybridspec.base.codes import CODES
from hybridspec.base.country import BLOC_NAMES, COUNTRIES
from hybridspec.base.country_names import country_name
from hybridspec.base.units import format_bytes, format_duration, format_money
from hybridspec.editor.outline import Node
from hybridspec.editor.scope import SECTIONS, Scope, boards, catalogs, regions
from hybridspec.law.facts import members
from hybridspec.load.facts import expand_shipped, shipped_facts
from hybridspec.spec.catalog import BoardRow, RegionRow


def facts(kind: str, name: str, scope: Scope, flow: str = "") -> str:
    """One paragraph about what `name` is, or nothing."""
    if kind in ("country", "country or bloc"):
        return _country(name)
    if kind == "board":
        row = boards().get(name)
        return "" if row is None else _board(row)
    if kind == "region":
        return "\n\n".join(_region(cloud, row) for cloud, row in regions().get(name, []))
    if kind == "cloud/region":
        cloud, _, region = name.partition("/")
        mine = scope.texts_at("clouds", cloud, "provider")
        return "".join(_region(p, row) for p, row in regions().get(region, []) if p in mine)
    if kind == "rule" and name in CODES:
        return f"`{name}`: {CODES[name].title}; `hybridspec explain {name}` says more."
    if kind == "provider":
        return _provider(name)
    if kind in ("stage", "input"):
        node = scope.node("flows", flow, "stages", name)
        return _stage(name, node) if node is not None else facts("data", name, scope)
    if kind == "site" and name in scope.sites:
        return f"Site `{name}` comes from a table."
    if kind in SECTIONS:
        return _written(kind, name, scope)
    return ""


def _country(name: str) -> str:
    law = shipped_facts()
    if name in BLOC_NAMES:
        listed = sorted(members(law, name))
        return f"Bloc `{name}`: {len(listed)} countries, {', '.join(listed)}."
    if name not in COUNTRIES:
        known, unknown = expand_shipped([name])
        return "" if unknown or not known else f"`{name}`: {', '.join(known)}."
    within = [bloc for bloc in BLOC_NAMES if name in members(law, bloc)]
    groups = ", ".join(within) if within else f"none of {', '.join(BLOC_NAMES)}"
    return f"**{country_name(name) or name}** (`{name}`), in {groups}."


def _board(row: BoardRow) -> str:
    power = "power unknown"
    if row.idle_power is not None and row.load_power is not None:
        power = f"{row.idle_power / 1000:g} to {row.load_power / 1000:g} W"
    price = "price unknown" if row.price is None else format_money(row.price, "USD")
    figures = sorted({latency.precision for latency in row.latency})
    lines = [
        f"**{row.title}**: {price}, {row.architecture}, {format_bytes(row.memory)} RAM "
        f"({format_bytes(row.reserved_memory)} of it for system and agent), "
        f"{format_bytes(row.disk)} disk, {power}, {format_duration(row.life)} in service.",
        f"Latency known for {', '.join(figures)}." if figures else
        "No latency figures: nothing can be placed on it until the spec states them.",
    ]  # fmt: skip
    if row.capabilities:
        lines.append(f"Security: {', '.join(row.capabilities)}.")
    if row.accelerators:
        lines.append(f"Accelerators: {', '.join(a.name for a in row.accelerators)}.")
    return " ".join(lines)


def _region(cloud: str, row: RegionRow) -> str:
    catalog = catalogs()[cloud]
    operator = row.operator or catalog.operator
    run_by = f", run by {operator.name} ({operator.jurisdiction})" if operator else ""
    prices = row.prices
    cost = (
        "No prices known: nothing can be placed here."
        if prices is None
        else f"Store {format_money(prices.storage_gb_month, 'USD')} a GB and month, traffic out "
        f"{format_money(prices.egress_gb, 'USD')} a GB, training "
        f"{format_money(prices.training_hour, 'USD')} an hour."
    )
    return f"**{row.place}, {row.country}** ({cloud}{run_by}). {cost}"


def _provider(name: str) -> str:
    catalog = catalogs().get(name)
    if catalog is None or catalog.operator is None:
        return ""
    priced = sum(row.prices is not None for row in catalog.regions.values())
    return (
        f"**{catalog.operator.name}**, bound by the law of {catalog.operator.jurisdiction}: "
        f"{len(catalog.regions)} regions, {priced} with prices; catalogue of {catalog.as_of}."
    )


def _stage(name: str, node: Node) -> str:
    inputs = node.get("inputs")
    fed = [] if inputs is None else [e.node.text for e in inputs.entries if e.node.text]
    source = f", fed by {', '.join(f'`{i}`' for i in fed)}" if fed else ""
    for key, does in (("model", "runs model"), ("transform", "transforms by"), ("sink", "ends in")):
        what = node.get(key)
        if what is not None and what.text:
            return f"Stage `{name}` {does} `{what.text}`{source}."
    return f"Stage `{name}`{source}."


_SHOWN = {
    "zone": ("countries", "regimes", "retention"),
    "device": ("board", "max_offline", "uplink"),
    "data": ("category", "size", "rate"),
    "model": ("source", "task", "metric", "floor"),
    "site": ("country", "zone", "devices"),
    "cloud": ("provider", "regions"),
}


def _written(kind: str, name: str, scope: Scope) -> str:
    """What the spec itself says of a thing: its telling keys."""
    node = scope.node(SECTIONS[kind], name)
    if node is None:
        return ""
    told = [f"{key} {_brief(value)}" for key in _SHOWN[kind]
            if (value := node.get(key)) is not None]  # fmt: skip
    facts_of_board = ""
    board = node.get("board")
    if kind == "device" and board is not None and board.text in boards():
        facts_of_board = "\n\n" + _board(boards()[board.text])
    head = f"{kind.capitalize()} `{name}`" + (f": {', '.join(told)}." if told else ".")
    return head + facts_of_board


def _brief(node: Node) -> str:
    if node.kind == "list":
        return "[" + ", ".join(e.node.text or "…" for e in node.entries) + "]"
    if node.kind == "map":
        return "{" + ", ".join(f"{e.key}: {e.node.text or '…'}" for e in node.entries) + "}"
    return f"`{node.text}`"
