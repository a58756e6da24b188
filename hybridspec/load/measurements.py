"""Measurement files: read with the place of each fault, joined, and written back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from hybridspec.base.diagnostic import Diagnostic, Sink
from hybridspec.load.bind import bind
from hybridspec.load.file import read_source
from hybridspec.load.yaml import parse
from hybridspec.spec.measurement_file import FileMeasurement, Measurements

SCHEMA = "hybridspec.dev/measurements/v1"


def read_measurements(path: Path, sink: Sink) -> tuple[FileMeasurement, ...]:
    """What a file holds; its faults go to `sink`, each with its line."""
    source = read_source(path)
    if isinstance(source, Diagnostic):
        sink.add(source)
        return ()
    document = parse(source, sink)
    bound = None if document is None else bind(document, Measurements, sink)
    return () if bound is None else tuple(bound.measurements)


def joined(
    old: Iterable[FileMeasurement], new: Iterable[FileMeasurement]
) -> tuple[FileMeasurement, ...]:
    """Both, where a new one takes the place of an old one of the same file, threads and machine."""
    found = {_key(one): one for one in (*old, *new)}
    return tuple(found[key] for key in sorted(found))


def _key(one: FileMeasurement) -> tuple[str, str, str, int, str, str]:
    return (one.name, one.variant, one.file, one.threads, one.provider, one.machine.processor)


def text_of(measurements: Iterable[FileMeasurement]) -> str:
    """The file's text, one key a line."""
    document = {"schemaVersion": SCHEMA,
                "measurements": [one.model_dump(mode="json") for one in measurements]}  # fmt: skip
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"
