"""Which values may stand at a path, the most likely first: names, choices, files, examples."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any

from hybridspec.base.codes import CODES
from hybridspec.base.country import BLOC_NAMES
from hybridspec.base.country_names import country_name
from hybridspec.base.source import Path
from hybridspec.editor import language
from hybridspec.editor.facts import facts
from hybridspec.editor.scope import (
    FILES,
    REFERENCES,
    SECTIONS,
    Scope,
    boards,
    catalogs,
    kind_of,
    regions,
)
from hybridspec.load.facts import expand_shipped
from hybridspec.load.plugin import available
from hybridspec.schemas import choices

_MOST_FILES = 200


@dataclass(frozen=True, slots=True)
class Offer:
    """A value to choose: what is written, one line beside it, and more words."""

    text: str
    detail: str
    words: str = ""


def values(path: Path, scope: Scope) -> list[Offer]:
    """Everything that may be written at `path`, as far as anybody can know."""
    found: list[Offer] = []
    kind = kind_of(path, REFERENCES)
    if kind is not None:
        found += named(kind, path, scope)
    suffix = kind_of(path, FILES)
    if suffix is not None:
        files = _files(scope.root, suffix)
        files.sort(key=lambda name: str(path[-1]) not in name)  # `evaluation.npz` for `evaluation`
        found += [Offer(name, "file") for name in files]
    known = {offer.text for offer in found}
    listed = [] if kind in _CATALOGUE else language.choices(path)
    found += [Offer(shown(c), "choice") for c in listed if shown(c) not in known]
    if not found and path == ("metadata", "as_of"):
        newest = max(catalog.as_of for catalog in catalogs().values())
        return [Offer(newest.isoformat(), "date of the catalogue")]
    if not found:
        found = [Offer(shown(e), "example") for e in language.examples(path)]
    return found


def shown(value: Any) -> str:
    """A value as YAML on one line."""
    if isinstance(value, list):
        return "[" + ", ".join(map(shown, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {shown(v)}" for key, v in value.items()) + "}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and (value.isdigit() or (":" in value and value[:1].isdigit())):
        return f'"{value}"'
    return str(value)


def named(kind: str, path: Path, scope: Scope) -> list[Offer]:
    """The things of a kind that can be meant at `path`, likely ones first."""
    flow = str(path[1]) if path[0] == "flows" and len(path) > 1 else ""
    names, detail = _names(kind, path, scope, flow)
    every = list(dict.fromkeys(names))
    if kind in ("board", "platform"):
        every.sort(key=lambda name: name not in language.examples(path))
    return [Offer(n, detail(n), facts(kind, n, scope, flow)) for n in every]


_CATALOGUE = ("board", "region", "partition", "provider", "country", "country or bloc")


def _names(
    kind: str, path: Path, scope: Scope, flow: str
) -> tuple[Iterable[str], Callable[[str], str]]:  # fmt: skip
    if kind == "board":
        own = scope.names("catalog", "boards")
        return [*own, *boards()], lambda n: boards()[n].title if n in boards() else "of this spec"
    if kind == "region":
        return _regions(path, scope)
    if kind == "country":
        return _countries(path, scope), lambda n: country_name(n) or "country"
    if kind == "country or bloc":
        every = choices()[kind]
        shows = [e for e in _examples(path) if e in every]
        return [
            *shows,
            *every,
        ], lambda n: "bloc" if n in BLOC_NAMES else country_name(n) or "country"
    if kind == "provider":
        taken = [n for cloud in scope.names("clouds") if cloud != path[1]
                 for n in scope.texts_at("clouds", cloud, "provider")]  # fmt: skip
        shows = _examples(path)
        return sorted(
            choices()[kind], key=lambda n: (taken.count(n), n not in shows)
        ), lambda _: "cloud target"
    if kind == "cloud/region":
        return _forbidden(scope)
    if kind == "rule":
        waivable = sorted(name for name, code in CODES.items() if code.waivable)
        mine = [f"policy:{name}" for name in scope.names("policies")]
        return [*waivable, *mine], lambda n: CODES[n].title if n in CODES else "policy of this spec"
    if kind == "partition":
        return choices()[kind], lambda _: "partition of a cloud"
    if kind == "plugin":
        hashes = {name: (package, digest) for name, package, digest in available()}
        return list(hashes), lambda n: " ".join(hashes[n])
    return _written(kind, path, scope, flow)


def _written(
    kind: str, path: Path, scope: Scope, flow: str
) -> tuple[Iterable[str], Callable[[str], str]]:  # fmt: skip
    """Names that the spec itself defines."""
    if kind == "platform":
        return [str(c) for c in language.choices(path)], lambda _: "edge platform"
    if kind == "stage":
        return _stages(path, scope, flow), lambda _: f"stage of {flow}"
    if kind == "input":
        stages, data = _stages(path, scope, flow), scope.texts_at("flows", flow, "data")
        return [*stages, *data], lambda n: "data asset" if n in data else f"stage of {flow}"
    extra = scope.sites if kind == "site" else ()
    return [*scope.names(SECTIONS[kind]), *extra], lambda _: kind


def _stages(path: Path, scope: Scope, flow: str) -> list[str]:
    """Stages of the flow: for an input the nearest earlier one first, for a bound an alert."""
    every = scope.names("flows", flow, "stages")
    if path[2:3] == ("latency",):
        alerts = [s for s in every if scope.texts_at("flows", flow, "stages", s, "sink")]
        return [*alerts, *(s for s in every if s not in alerts)]
    own = str(path[3]) if len(path) > 3 else ""
    earlier = every[: every.index(own)] if own in every else every
    ends = {s for s in every if scope.texts_at("flows", flow, "stages", s, "sink")}
    later = [s for s in every if s not in earlier and s != own]
    return [s for s in (*reversed(earlier), *later) if s not in ends]


def _examples(path: Path) -> list[Any]:
    """Examples of a value, also those inside the examples of its list."""
    inner = [e for whole in language.examples(path[:-1]) if isinstance(whole, list) for e in whole]
    return [*language.examples(path), *inner]


def _allowed(scope: Scope, zones: Iterable[str]) -> set[str]:
    written = [c for zone in zones for c in scope.texts_at("zones", zone, "countries")]
    return set(expand_shipped(written)[0])


def _countries(path: Path, scope: Scope) -> list[str]:
    """Countries that the zone at hand allows come first, and those of other sites before them."""
    zones = scope.texts_at(*map(str, path[:2]), "zone") if path[0] == "sites" else []
    allowed = _allowed(scope, zones or scope.names("zones"))
    usual = [c for c in ("DE", "FR", "US", "GB", "JP") if c in allowed or not allowed]
    rest = [c for c in choices()["country"] if c not in usual]
    return usual + sorted(rest, key=lambda country: country not in allowed)


def _regions(path: Path, scope: Scope) -> tuple[list[str], Callable[[str], str]]:
    cloud = str(path[1]) if path[0] == "clouds" else ""
    if path[0] == "models":
        cloud = next(iter(scope.texts_at("models", str(path[1]), "training", "cloud")), "")
    written = scope.texts_at("clouds", cloud, "provider") if cloud else []
    # A cloud that is only being begun mostly has its provider's name.
    provider = next((n for n in (*written, cloud) if n in choices()["provider"]), None)
    rows = regions(provider)
    allowed = _allowed(scope, scope.names("zones"))
    listed = [r for c in scope.names("clouds") for r in scope.texts_at("clouds", c, "regions")]
    own = [
        r for p in scope.names("catalog", "regions") for r in scope.names("catalog", "regions", p)
    ]

    def rank(name: str) -> tuple[bool, bool, bool, str]:
        priced = [row for _, row in rows[name] if row.prices is not None]
        inside = any(row.country in allowed for row in priced)
        chosen = path[0] == "models" and name in listed
        return (not chosen, not inside, not priced, name)

    def detail(name: str) -> str:
        row = next((row for _, row in rows.get(name, [])), None)
        if row is None:
            return "of this spec"
        return f"{row.place}, {row.country}{'' if row.prices else ', no prices known'}"

    return [*own, *sorted(rows, key=rank)], detail


def _forbidden(scope: Scope) -> tuple[list[str], Callable[[str], str]]:
    """Regions by the spec's own names of clouds, those that a cloud lists first."""
    rows = {
        f"{cloud}/{name}": found[0][1] for cloud in scope.names("clouds")
        for provider in scope.texts_at("clouds", cloud, "provider")
        for name, found in regions(provider).items()
    }  # fmt: skip
    listed = {f"{cloud}/{name}" for cloud in scope.names("clouds")
              for name in scope.texts_at("clouds", cloud, "regions")}  # fmt: skip
    return sorted(rows, key=lambda n: (n not in listed, n)), lambda n: (
        f"{rows[n].place}, {rows[n].country}")  # fmt: skip


def _files(root: File, suffix: str) -> list[str]:
    """Files below the spec's folder that end so, at most two folders deep."""
    folder = root.parent
    found: list[str] = []
    for pattern in (f"*{suffix}", f"*/*{suffix}", f"*/*/*{suffix}"):
        for path in folder.glob(pattern):
            inner = path.relative_to(folder)
            if path != root and inner.parts[0] not in ("build", ".hybridspec"):
                found.append(inner.as_posix())
            if len(found) >= _MOST_FILES:
                return sorted(found)
    return sorted(found)
