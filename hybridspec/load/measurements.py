"""Measurement files: read with the place of each fault, joined, and written back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from hybridspec.base.diagnostic import Diagnostic, Sink
from hybridspec.base.source import Origins, SourceFile, Span
from hybridspec.ir.kernel import KINDS, Kernels
from hybridspec.ir.measurement import Timed
from hybridspec.load.bind import bind
from hybridspec.load.file import MAX_SPEC, digest, inside, read_bounded, read_source
from hybridspec.load.yaml import Document, parse
from hybridspec.spec.document import Spec
from hybridspec.spec.measurement_file import FileMeasurement, Measurements

SCHEMA = "hybridspec.dev/measurements/v1"


_CALLED = {"x86_64": "amd64", "x64": "amd64", "aarch64": "arm64"}
"""Architectures that systems call otherwise than catalogues."""


_LACKS = re.compile(r"(.{1,200}) has no (`[^`]{1,80}`)")
_AGAIN = ("`hybridspec model measure FILE.onnx --out` writes such files: write it again, or mend "
          "the line")  # fmt: skip


def read_measurements(path: Path, sink: Sink) -> tuple[FileMeasurement, ...]:
    """What a file holds; its faults go to `sink`, each with its line."""
    return tuple(one for one, _ in _read(path, sink))


def read_timed(path: Path, sink: Sink) -> tuple[Timed, ...]:
    """What a file says to estimates; its faults go to `sink`, each with its line."""
    return tuple(timed(one, where) for one, where in _read(path, sink))


def _read(path: Path, sink: Sink) -> tuple[tuple[FileMeasurement, Span], ...]:
    """Every measurement, with the line that says what architecture it was taken on."""
    source = read_source(path)
    if isinstance(source, Diagnostic):
        sink.add(replace(source, help="check the path; `hybridspec model measure FILE.onnx --out` "
                         "writes such a file"))  # fmt: skip
        return ()
    own = Sink()
    document = _parsed(source, own)
    bound = None if document is None else bind(document, Measurements, own)
    sink.extend(_reworded(own))
    if document is None or bound is None:
        return ()
    for index, one in enumerate(bound.measurements):
        if not one.least <= one.p50 <= one.p95:
            sink.add(Diagnostic(
                code="HS0212", message=f"the times of `{one.name}` are in no order",
                span=document.origins.value("measurements", index, "p50"),
                help="`least` is at most `p50`, and `p50` at most `p95`: measure again",
            ))  # fmt: skip
    return tuple(
        (one, document.origins.value("measurements", index, "machine", "architecture"))
        for index, one in enumerate(bound.measurements)
    )


def _parsed(source: SourceFile, sink: Sink) -> Document | None:
    """The document with its places; what is no JSON is told in the words of JSON."""
    try:
        json.loads(source.text)
    except json.JSONDecodeError as fault:
        sink.add(Diagnostic(
            code="HS0103", message=f"this is no JSON: {fault.msg[:1].lower()}{fault.msg[1:]}",
            span=Span(source, fault.lineno, fault.colno, fault.lineno, fault.colno + 1), help="",
        ))  # fmt: skip
        return None
    except (RecursionError, ValueError):
        pass  # what is too deep or too long the reader of specs names
    return parse(source, sink)


def _reworded(sink: Sink) -> Iterator[Diagnostic]:
    """The findings without the advice for specs: nobody writes these files by hand.

    Keys that one entry lacks are one finding.
    """
    lacking: dict[tuple[Span, str], list[str]] = {}
    for one in sink.kept:
        span, found = one.span, _LACKS.fullmatch(one.message)
        if found and span is not None:
            lacking.setdefault((span, found[1]), []).append(found[2])
        else:
            message = one.message.replace("the spec needs", "the file needs")
            yield replace(one, message=message, help=_AGAIN, fixes=(), certain=False)
    for (place, entry), names in lacking.items():
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        yield Diagnostic(
            code="HS0202", message=f"{entry} has no {', '.join(names[:3])}{more}",
            span=place, help=_AGAIN,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was measured by device class, and the files with their SHA-256."""

    timed: Mapping[str, tuple[Timed, ...]] = field(default_factory=dict)
    files: tuple[tuple[Path, str], ...] = ()


def load_measurements(spec: Spec, origins: Origins, folder: Path, sink: Sink) -> Measured:
    """Every measurement file of the spec; a fault in one stands on its own line there."""
    timed_of: dict[str, tuple[Timed, ...]] = {}
    files: dict[Path, str] = {}
    for name, device in spec.devices.items():
        found: list[Timed] = []
        for index, written in enumerate(device.measurements):
            path = inside(folder, written)
            data = path if isinstance(path, str) else read_bounded(path, MAX_SPEC)
            if isinstance(path, str) or isinstance(data, str):
                why = data if isinstance(data, str) else path
                sink.add(Diagnostic(
                    code="HS0101", message=f"measurements of `{name}` cannot be used: {why}",
                    span=origins.value("devices", name, "measurements", index),
                    help="write the file with `hybridspec model measure --out`, into the folder of "
                    "the spec",
                ))  # fmt: skip
                continue
            files[path] = digest(data)
            found += read_timed(path, sink)
        if found:
            timed_of[name] = tuple(found)
    return Measured(timed=timed_of, files=tuple(sorted(files.items())))


def joined(
    old: Iterable[FileMeasurement], new: Iterable[FileMeasurement]
) -> tuple[FileMeasurement, ...]:
    """Both; a new one replaces an old one of the same file, sizes, threads and machine."""
    found = {_key(one): one for one in (*old, *new)}
    return tuple(found[key] for key in sorted(found))


def _key(one: FileMeasurement) -> tuple[str, str, str, int, int, str, str]:
    return (one.name, one.variant, one.file, one.free, one.threads, one.provider,
            one.machine.processor)  # fmt: skip


def text_of(measurements: Iterable[FileMeasurement]) -> str:
    """The file's text, one key a line."""
    document = {"schemaVersion": SCHEMA,
                "measurements": [one.model_dump(mode="json") for one in measurements]}  # fmt: skip
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"


def timed(one: FileMeasurement, where: Span) -> Timed:
    """What a measurement says to estimates, and the line that it stands on."""
    work = one.work.model_dump()
    called = one.machine.architecture.strip().lower()
    return Timed(
        model=one.model.removeprefix("sha256:"), variant=one.variant, threads=one.threads,
        p50=one.p50, p95=one.p95, on=one.on.isoformat(),
        kernels=Kernels(**{kind: work[kind] for kind in KINDS}),
        moved=one.work.moved, weights=one.work.weights, operators=one.work.operators,
        architecture=_CALLED.get(called, called), origin=where,
        free=one.free,
    )  # fmt: skip
