"""A spec's own rows laid over the shipped catalogues, key by key; each keeps its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, TypeVar, get_args

from pydantic.fields import FieldInfo

from hybridspec.base.closest import closest
from hybridspec.base.country import COUNTRIES
from hybridspec.base.country_names import country_hint
from hybridspec.base.diagnostic import Diagnostic, Sink
from hybridspec.base.source import Origins, Path
from hybridspec.base.units import format_bytes
from hybridspec.spec.catalog import BoardRow, Catalog, RegionPrices, RegionRow
from hybridspec.spec.catalog_override import RegionOverride
from hybridspec.spec.document import Spec
from hybridspec.spec.quantity import Section

Row = TypeVar("Row", BoardRow, RegionRow, RegionPrices)

_FIXED = ("country", "partition", "pair", "sovereign", "operator")
"""What a spec cannot say otherwise of a shipped region: residency is judged by it."""


def overridden(
    catalogs: Mapping[str, Catalog], spec: Spec, origins: Origins, sink: Sink
) -> dict[str, Catalog]:
    """The catalogues with the rows of the spec's `catalog` in them."""
    joined = dict(catalogs)
    _boards(joined, spec, origins, sink)
    for target, rows in spec.catalog.regions.items():
        path: Path = ("catalog", "regions", target)
        catalog = joined.get(target)
        if catalog is None or catalog.operator is None:
            clouds = [name for name, known in joined.items() if known.operator is not None]
            sink.add(Diagnostic(
                code="HS0220", message=f"there is no cloud target `{target[:60]}`",
                span=origins.key(*path), help=_known(target, clouds),
            ))  # fmt: skip
            continue
        regions = dict(catalog.regions)
        for name, written in rows.items():
            row = _region(catalog, name, written, (*path, name), spec.metadata.as_of, origins, sink)
            if row is not None:
                regions[name] = row
        joined[target] = catalog.model_copy(update={"regions": regions})
    return joined


def _boards(joined: dict[str, Catalog], spec: Spec, origins: Origins, sink: Sink) -> None:
    holders = [name for name, catalog in joined.items() if catalog.operator is None]
    for name, written in spec.catalog.boards.items():
        path: Path = ("catalog", "boards", name)
        target = next((t for t in holders if name in joined[t].boards), holders[0])
        catalog = joined[target]
        old = catalog.boards.get(name)
        values = _written(written)
        row = _complete(
            BoardRow, old, _dated(values, old, spec.metadata.as_of), path, origins, sink
        )
        if row is not None and _possible(row, path, origins, sink):
            joined[target] = catalog.model_copy(update={"boards": {**catalog.boards, name: row}})


def _possible(row: BoardRow, path: Path, origins: Origins, sink: Sink) -> bool:
    """Whether the board's figures fit together; where not, a finding at the one that is written."""
    pairs: list[tuple[str, str, int, int, Callable[[int], str]]] = [
        ("reserved_memory", "memory", row.reserved_memory, row.memory, format_bytes)
    ]
    if row.idle_power is not None and row.load_power is not None:
        pairs.append(("idle_power", "load_power", row.idle_power, row.load_power, _watts))
    wrong = [pair for pair in pairs if pair[2] >= pair[3]]
    for low, high, least, most, shown in wrong:
        key, word = (high, "more than") if (*path, high) in origins.values else (low, "less than")
        limit = shown(least if key == high else most)
        sink.add(Diagnostic(
            code="HS0205",
            message=f"`{low}` is {shown(least)}, but `{high}` of the board is {shown(most)}",
            span=origins.value(*path, key), help=f"write {word} {limit} for `{key}`",
        ))  # fmt: skip
    return not wrong


def _watts(milliwatts: int) -> str:
    return f"{milliwatts / 1000:g} W"


def _region(
    catalog: Catalog, name: str, written: RegionOverride, path: Path, as_of: date,
    origins: Origins, sink: Sink,
) -> RegionRow | None:  # fmt: skip
    old = catalog.regions.get(name)
    values = _written(written)
    if written.country is not None and written.country not in COUNTRIES:
        sink.add(Diagnostic(
            code="HS0222", message=f"`{written.country}` is not a known country",
            span=origins.value(*path, "country"), help=country_hint(written.country),
        ))  # fmt: skip
        return None
    moved = [key for key in _FIXED if old and key in values and values[key] != getattr(old, key)]
    for key in moved:
        sink.add(_contradiction(name, key, old, path, origins))
    if written.pair is not None and written.pair not in catalog.regions:
        sink.add(Diagnostic(
            code="HS0220", message=f"there is no region `{written.pair[:60]}`",
            span=origins.value(*path, "pair"),
            help=_known(written.pair, list(catalog.regions)),
        ))  # fmt: skip
    if written.prices is not None:
        base = None if old is None else old.prices
        prices = _complete(
            RegionPrices, base, _written(written.prices), (*path, "prices"), origins, sink
        )
        if prices is None:
            return None
        values["prices"] = prices
    return None if moved else _complete(
        RegionRow, old, _dated(values, old, as_of), path, origins, sink
    )  # fmt: skip


def _contradiction(
    name: str, key: str, old: RegionRow | None, path: Path, origins: Origins
) -> Diagnostic:
    fact = getattr(old, key)
    shown = f"`{fact}`" if isinstance(fact, str) else "another one"
    return Diagnostic(
        code="HS0237",
        message=f"the catalogue has {shown} as `{key}` of region `{name}`; no spec can change that",
        span=origins.key(*path, key),
        help=f"remove `{key}`; where a region lies and who runs it is checked, not configured",
    )


def _written(section: Section) -> dict[str, Any]:
    """The keys that the user wrote, with values as they were parsed."""
    found = {key: getattr(section, key) for key in section.model_fields_set}
    return {key: value for key, value in found.items() if value is not None}


def _dated(values: dict[str, Any], old: BoardRow | RegionRow | None, as_of: date) -> dict[str, Any]:
    """The values with a date and a source that says that they are the user's."""
    keys = ", ".join(sorted(set(values) - {"source", "as_of"}))
    said = f": {values['source']}" if "source" in values else ""
    rest = f" ({keys}){said}; else {old.source}" if old is not None else said
    return {"as_of": as_of, **values, "source": f"the spec{rest}"}


def _complete(
    model: type[Row], old: Row | None, values: dict[str, Any], path: Path, origins: Origins,
    sink: Sink,
) -> Row | None:  # fmt: skip
    """The shipped row with the values over it, or a new one; what a new one lacks are findings."""
    if old is not None:
        return old.model_copy(update=values)
    fields = {key: field for key, field in model.model_fields.items() if field.is_required()}
    missing = [key for key in fields if key not in values]
    for key in missing:
        sink.add(Diagnostic(
            code="HS0202", message=f"`{'.'.join(map(str, path))}` has no `{key}`",
            span=origins.key(*path),
            help=f"add `{key}: {_example(fields[key])}`; the catalogue has no row to take it from",
        ))  # fmt: skip
    return None if missing else model.model_construct(**values)


def _example(field: FieldInfo) -> str:
    if not field.examples:
        return str(get_args(field.annotation)[0])
    example = field.examples[0]
    return f"[{', '.join(example)}]" if isinstance(example, list) else str(example)


def _known(name: str, choices: list[str]) -> str:
    match = closest(name, choices)
    if match is not None:
        return f"did you mean `{match}`?"
    return f"choose from: {', '.join(f'`{choice}`' for choice in sorted(choices)[:12])}"
