"""What every fuzzed input goes through: load, resolve and check, every format, every edit."""

from __future__ import annotations

import resource
import tempfile
import time
from functools import cache
from pathlib import Path
from unittest.mock import patch

from hybridspec import compiler
from hybridspec.base.diagnostic import Diagnostic, Sink, SpecInvalid
from hybridspec.base.edit import apply
from hybridspec.base.source import excerpt
from hybridspec.compiler import Options
from hybridspec.load import catalog
from hybridspec.load.file import unsaved
from hybridspec.report.diagnostics import FORMATS, render

SECONDS = 2.0
HANG = 3.0
"""For four megabytes: two seconds, and one for the noise of a shared machine."""
MEGABYTES = 500
_FOLDER = Path(tempfile.gettempdir()) / "hybridspec-fuzz-that-nobody-makes"
_SPEC = _FOLDER / "hybridspec.yaml"


@cache
def slowness() -> float:
    """How much slower than a usual core this machine is just now; other work counts too."""
    start = time.process_time()
    for _ in range(3_000_000):
        pass
    return max(1.0, (time.process_time() - start) / 0.06)


def findings(data: bytes) -> tuple[Diagnostic, ...]:
    """The findings of a spec that was never on a disk; anything that is raised is a fault."""
    sink = Sink()
    held = {_SPEC.resolve(): data}
    with unsaved(held), patch.object(catalog, "parse_catalog", cache(catalog.parse_catalog)):
        try:
            compiler._graph(_SPEC, Options(cache=_FOLDER), sink)
        except SpecInvalid as invalid:
            return invalid.findings
    return sink.findings


def digest(data: bytes, seconds: float = SECONDS) -> None:
    """Everything that happens to an input before a model is run, within the bounds of time."""
    start = time.process_time()
    found = findings(data)
    spent = time.process_time() - start
    assert spent < seconds * slowness(), f"{spent:.1f} s for {len(data)} bytes"
    for finding in found:
        assert finding.help.strip(), finding
        assert "Traceback" not in finding.message
        assert len(finding.message) + len(finding.help) < 4000
        if finding.span is not None:
            excerpt(finding.span)
    for format in FORMATS:
        render(found, format)
    for finding in found:
        if finding.fixes and finding.span is not None:
            apply(finding.fixes[0].span.file.text, [finding.fixes])


def peak() -> float:
    """The most memory that this process has held, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
