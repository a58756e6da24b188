"""Compares the catalogue's regions with a list of the provider: `regions.py aws partitions.json`.

The lists, which have to be fetched by hand:

- aws: `botocore/data/partitions.json` of the package botocore
- azure: `modules/cached-data/locations.tf.json` of Azure/terraform-azurerm-avm-utl-regions
- gcp: `data/regions.json` of GoogleCloudPlatform/region-picker, which lags by some regions

It prints what differs and ends with 1 if anything does. New rows are written by hand: a country is
a fact that somebody has to have read, not one that follows from a name.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from hybridspec.load.catalog import load_catalogs
from hybridspec.resolve.implicit import countries_of
from hybridspec.spec.catalog import Catalog


class Listed(NamedTuple):
    """One region as a provider lists it; None is what its list does not say."""

    name: str
    partition: str | None = None
    pair: str | None = None
    pairs_listed: bool = False
    located: bool = True


def aws(document: Any) -> Iterator[Listed]:
    """Regions by partition; names that end in `-global` stand for all of one."""
    for partition in document["partitions"]:
        for name in partition["regions"]:
            yield Listed(name, partition["id"], located=not name.endswith("-global"))


def azure(document: Any) -> Iterator[Listed]:
    """Physical regions with their pairs, and logical ones; stages have no place of their own."""
    for row in document["locals"]["locations_cached"]["value"]:
        metadata = row["metadata"]
        physical = metadata.get("physicalLocation") and "Stage" not in metadata["geography"]
        pair = next((p["name"] for p in metadata.get("pairedRegion", [])), None)
        yield Listed(row["name"], "azure", pair if physical else None, bool(physical),
                     bool(physical))  # fmt: skip


def gcp(document: Any) -> Iterator[Listed]:
    """Names alone; the list has no countries that a program could trust."""
    for name in document:
        yield Listed(name, "gcp")


READERS = {"aws": aws, "azure": azure, "gcp": gcp}


def differences(cloud: str, document: Any, catalog: Catalog) -> list[str]:
    """What the list says that the catalogue does not, in sentences."""
    found = []
    for listed in READERS[cloud](document):
        row = catalog.regions.get(listed.name)
        if row is None:
            known = listed.name in catalog.locations and not listed.located
            if not known:
                found.append(f"{listed.name}: not in the catalogue")
            elif not countries_of(listed.name, catalog):
                found.append(f"{listed.name}: stands for no country")
            continue
        if listed.partition not in (None, row.partition):
            found.append(f"{listed.name}: partition {listed.partition}, not {row.partition}")
        if listed.pairs_listed and listed.pair != row.pair:
            found.append(f"{listed.name}: pair {listed.pair}, not {row.pair}")
    return found


def main(argv: list[str]) -> int:
    """Print the differences for `CLOUD LIST`."""
    if len(argv) != 2 or argv[0] not in READERS:
        print(__doc__)
        return 2
    document = json.loads(Path(argv[1]).read_text(encoding="utf-8"))
    found = differences(argv[0], document, load_catalogs({argv[0]})[0][argv[0]])
    print("\n".join(found) or "the catalogue holds all that is listed")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
