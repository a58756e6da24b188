"""What the user's own spec and folder say about a gap in it: names, countries, files."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path as File
from typing import Any

from hybridspec.base.closest import closest
from hybridspec.base.source import Path
from hybridspec.law.facts import members
from hybridspec.load.yaml import Plain

_NAMED_IN = {"zone": "zones", "data": "data", "model": "models", "cloud": "clouds"}
"""Keys whose value is a name out of a section of the spec."""
_FILES = {"source": ".onnx", "evaluation": ".npz", "calibration": ".npz"}
_LISTED = 2_000
_ASKED = 500
"""How many entries of a section are looked at: every gap in a fleet asks again."""


def _bloc(name: str) -> frozenset[str]:
    from hybridspec.load.facts import shipped_facts  # which is read with what this module helps

    return members(shipped_facts(), name)


@dataclass(frozen=True)
class Surroundings:
    """A document and its folder, asked for what would fit into a gap."""

    value: Plain
    folder: File | None = None

    def names(self, section: str) -> list[str]:
        """The names that a section of the spec defines."""
        found = self.at((section,))
        return list(islice(found, _LISTED)) if isinstance(found, dict) else []

    def at(self, path: Path) -> Plain:
        """The value at `path`, or None."""
        value = self.value
        for part in path:
            if isinstance(value, dict) and isinstance(part, str):
                value = value.get(part)
            elif isinstance(value, list) and isinstance(part, int) and part < len(value):
                value = value[part]
            else:
                return None
        return value

    def candidates(self, path: Path) -> Iterator[Any]:
        """What may be missing at `path`, best first; the caller tries which of it fits."""
        for pattern, make in _KNOWN:
            if len(pattern) == len(path) and all(
                want in ("*", part) for want, part in zip(pattern, path, strict=True)
            ):
                found = make(self, path)
                if found is not None:
                    yield found
        yield from self._as_others(path)
        key = path[-1] if path else ""
        if isinstance(key, str) and key in _NAMED_IN and len(path) > 1:
            yield from self.names(_NAMED_IN[key])[:1]
        if isinstance(key, str) and key in _FILES:
            yield from self.files(key, str(path[-2]) if len(path) > 1 else "")

    def _as_others(self, path: Path) -> Iterator[Any]:
        """What the other entries of the same section have there."""
        if len(path) < 3 or path[-1] in ("model", "source", "name"):
            return
        for name in self.names(str(path[0]))[:20]:
            found = self.at((path[0], name, *path[2:]))
            if name != path[1] and found is not None:
                yield found

    def near(self, path: Path) -> Iterator[str]:
        """The defined name that a misspelt one at `path` is like."""
        key, written = path[-1] if path else "", self.at(path)
        if isinstance(key, str) and key in _NAMED_IN and isinstance(written, str):
            meant = closest(written, self.names(_NAMED_IN[key]))
            yield from () if meant is None else (meant,)

    def files(self, key: str, name: str) -> list[str]:
        """Files of the spec's folder that a key may mean: named alike first."""
        ending = _FILES[key]
        used = self.at(("models",))
        taken = {str(model.get(key)) for model in used.values() if isinstance(model, dict)} if (
            isinstance(used, dict)) else set()  # fmt: skip
        free = [f for f in self._listing if f.endswith(ending) and f not in taken]
        wanted = name if key == "source" else key
        stems = {File(f).stem: f for f in free}
        near = closest(wanted.replace("-", "_"), stems, 0.4)
        first = [stems[near]] if near is not None else []
        others = sorted(f for f in free if f not in first)[:3]
        return first + others + sorted(f for f in taken if f.endswith(ending))[:3]

    @cached_property
    def _listing(self) -> list[str]:
        """At most some thousand files beside the spec, two folders deep."""
        if self.folder is None:
            return []
        found: list[str] = []
        for count, (here, folders, files) in enumerate(os.walk(self.folder)):
            depth = len(File(here).relative_to(self.folder).parts)
            folders[:] = sorted(f for f in folders if not f.startswith((".", "build")))
            if depth >= 2:
                folders.clear()
            found += [(File(here) / f).relative_to(self.folder).as_posix() for f in sorted(files)]
            if count > 100 or len(found) > _LISTED:
                break
        return found[:_LISTED]

    def mentions(self, path: Path) -> list[str]:
        """Names that the spec uses but whose section is absent, in order."""
        name = str(path[0])
        found: dict[str, None] = {}
        sites, flows = self._entries("sites"), self._entries("flows")
        for site in sites:
            if name == "zones":
                found[str(site.get("zone"))] = None
            if name == "devices" and isinstance(devices := site.get("devices"), dict):
                found.update(dict.fromkeys(devices))
        for flow in flows:
            if name == "data":
                found[str(flow.get("data"))] = None
            listed = flow.get("sites")
            if name == "sites" and isinstance(listed, list):
                found.update(dict.fromkeys(map(str, listed)))
        return [n for n in found if n != "None"][:50]

    def _entries(self, section: str) -> list[dict[str, Plain]]:
        found = self.at((section,))
        values = islice(found.values(), _ASKED) if isinstance(found, dict) else ()
        return [entry for entry in values if isinstance(entry, dict)]

    # What follows knows single keys of the spec.

    def _section(self, path: Path) -> Any:
        """A whole section: one entry for every name that is used."""
        names = self.mentions(path)
        make = _ENTRIES[str(path[0])]
        return {name: make(self, (path[0], name)) for name in names or [f"my-{path[0]}"[:-1]]}

    def _countries(self, path: Path) -> Any:
        """Where the zone's sites stand."""
        zone = path[1] if len(path) > 1 else None
        found = {str(site.get("country")) for site in self._entries("sites")
                 if site.get("zone") == zone and site.get("country")}  # fmt: skip
        if not found or found <= _bloc("EU"):
            return ["EU"]
        return ["EEA"] if found <= _bloc("EEA") else sorted(found)

    def _zone(self, path: Path) -> Any:
        """The zone that allows the site's country."""
        site = self.at(path[:-1])
        country = str(site.get("country")) if isinstance(site, dict) else ""
        for name in self.names("zones"):
            listed = self.at(("zones", name, "countries"))
            for part in listed if isinstance(listed, list) else []:
                if country == part or country in _bloc(str(part)):
                    return name
        return None

    def _country(self, path: Path) -> Any:
        """A country that the site's zone allows."""
        site = self.at(path[:-1])
        zone = str(site.get("zone")) if isinstance(site, dict) else ""
        return next(iter(self._allowed(zone)), "DE")

    def _site_devices(self, path: Path) -> Any:
        """As at another site of the zone, else one of each class."""
        here = self.at(path[:-1])
        zone = here.get("zone") if isinstance(here, dict) else None
        for site in self._entries("sites"):
            if isinstance(site.get("devices"), dict) and site.get("zone") == zone:
                return site["devices"]
        return dict.fromkeys(self.names("devices"), 1)

    def _inputs(self, path: Path) -> Any:
        """The stage before this one, or the flow's data."""
        if len(path) < 4:
            return None
        stages = self.at(path[:3])
        before = None
        for name, stage in stages.items() if isinstance(stages, dict) else ():
            if name == path[3]:
                break
            if isinstance(stage, dict) and "sink" not in stage:
                before = name
        return [before or self.at((*path[:2], "data")) or "data"]

    def _to(self, path: Path) -> Any:
        """The stage that acts, else the last one."""
        stages = self.at((*path[:2], "stages"))
        if not isinstance(stages, dict) or not stages:
            return None
        alerts = [n for n, s in stages.items() if isinstance(s, dict) and s.get("sink") == "alert"]
        return (alerts or list(stages))[-1]

    def _data(self, path: Path) -> Any:
        """The asset that the flow's first stage takes."""
        stages = self.at((*path[:2], "stages"))
        taken = [i for s in (stages.values() if isinstance(stages, dict) else ())
                 if isinstance(s, dict) and isinstance(listed := s.get("inputs"), list)
                 for i in listed]  # fmt: skip
        return next((name for name in self.names("data") if name in taken), None)

    def _stages(self, path: Path) -> Any:
        """One sink of the data, under the name that the flow's bound asks for."""
        to = self.at((*path[:2], "latency", "to"))
        data = self.at((*path[:2], "data")) or next(iter(self.names("data")), "data")
        return {str(to or "alert"): {"sink": "alert", "inputs": [data]}}

    def _cohorts(self, _: Path) -> Any:
        return [{"name": "fleet", "percent": 100, "max_failures": "5%"}]

    def _rollout(self, path: Path) -> Any:
        return {"cohorts": self._cohorts(path)}

    def _percent(self, path: Path) -> Any:
        """Between the cohorts before and behind; all for the last."""
        index = path[-2]
        cohorts = self.at(path[:-2])
        if not isinstance(index, int) or not isinstance(cohorts, list):
            return None
        known = [c.get("percent") if isinstance(c, dict) else None for c in cohorts]
        low = max((p for p in known[:index] if isinstance(p, int)), default=0)
        high = min((p for p in known[index + 1 :] if isinstance(p, int)), default=0)
        return max(1, (low + high) // 2) if high else 100

    def _provider(self, path: Path) -> Any:
        """The cloud's own name, or the one that its regions sound like."""
        regions = self.at((*path[:-1], "regions"))
        first = str(regions[0]) if isinstance(regions, list) and regions else ""
        if first.count("-") == 2:
            return "aws"
        if "-" in first:
            return "gcp"
        return "azure" if first else next((n for n in ("aws", "azure", "gcp") if n in path), "aws")

    def _regions(self, path: Path) -> Any:
        """Regions of the provider inside the first zone."""
        provider = str(self.at((*path[:-1], "provider")))
        inside = {"aws": "eu-central-1", "azure": "germanywestcentral", "gcp": "europe-west3"}
        return [inside.get(provider, "eu-central-1")]

    def _flows(self, _: Path) -> Any:
        data = next(iter(self.names("data")), "data")
        return {"watch": {"data": data, "stages": {"alert": {"sink": "alert", "inputs": [data]}}}}

    def _device(self, _: Path) -> Any:
        return {"board": "raspberry-pi-5", "max_offline": "P3D",
                "uplink": {"bandwidth": "20Mbit/s", "rtt": "35ms"}}  # fmt: skip

    def _site(self, _: Path) -> Any:
        devices = self.names("devices")
        zones = self.names("zones")
        zone = zones[0] if zones else "zone"
        country = next(iter(self._allowed(zone)), "DE")
        return {"country": country, "zone": zone, "devices": dict.fromkeys(devices or ["box"], 1)}

    def _allowed(self, zone: str) -> list[str]:
        listed = self.at(("zones", zone, "countries"))
        found = [str(c) for c in listed] if isinstance(listed, list) else []
        return [c for c in found if len(c) == 2 and c != "EU"]

    def _asset(self, _: Path) -> Any:
        return {"category": "system.operations", "size": "4KiB", "rate": "1/s"}

    def _whole_zone(self, path: Path) -> Any:
        return {"countries": self._countries(path)}

    def _name(self, _: Path) -> Any:
        """What the folder is called, as far as that is a name."""
        called = "" if self.folder is None else self.folder.absolute().name
        return re.sub("[^a-z0-9]+", "-", called.lower()).strip("-0123456789") or None

    def _metadata(self, path: Path) -> Any:
        return {
            "name": self._name(path) or "my-system",
            "owner": "team@example.org",
            "as_of": "2026-11-01",
        }


_Known = Callable[[Surroundings, Path], Any]
_ENTRIES: dict[str, _Known] = {
    "zones": Surroundings._whole_zone, "devices": Surroundings._device,
    "sites": Surroundings._site, "data": Surroundings._asset,
}  # fmt: skip
_KNOWN: tuple[tuple[Path, _Known], ...] = (
    (("metadata",), Surroundings._metadata),
    (("metadata", "name"), Surroundings._name),
    (("metadata", "name"), lambda *_: "my-system"),
    (("metadata", "owner"), lambda *_: "team@example.org"),
    (("zones",), Surroundings._section),
    (("zones", "*", "countries"), Surroundings._countries),
    (("devices",), Surroundings._section),
    (("sites",), Surroundings._section),
    (("sites", "*", "zone"), Surroundings._zone),
    (("sites", "*", "country"), Surroundings._country),
    (("sites", "*", "devices"), Surroundings._site_devices),
    (("clouds", "*", "provider"), Surroundings._provider),
    (("clouds", "*", "regions"), Surroundings._regions),
    (("data",), Surroundings._section),
    (("flows",), Surroundings._flows),
    (("flows", "*", "data"), Surroundings._data),
    (("flows", "*", "latency", "to"), Surroundings._to),
    (("flows", "*", "stages"), Surroundings._stages),
    (("flows", "*", "stages", "*", "inputs"), Surroundings._inputs),
    (("rollout",), Surroundings._rollout),
    (("rollout", "cohorts"), Surroundings._cohorts),
    (("rollout", "cohorts", "*", "percent"), Surroundings._percent),
)
