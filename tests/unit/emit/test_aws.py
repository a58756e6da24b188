"""What AWS cannot express is said; what the spec promised and AWS cannot keep stops the build."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from emitted.slices import job, part, zone

from hybridspec.base.diagnostic import Severity, SpecInvalid
from hybridspec.compiler import Options, compile_file
from hybridspec.ir.plan import CloudSlice
from hybridspec.target.api import Unsupported
from hybridspec.target.registry import targets


def unsupported(made: CloudSlice) -> list[Unsupported]:
    """What the target says it cannot express."""
    emit = targets()["aws"].emit_cloud
    assert emit is not None
    return [found for found in emit(made) if isinstance(found, Unsupported)]


def test_nothing_is_unsupported_in_a_plain_plan() -> None:
    assert unsupported(part()) == []


def test_a_retention_shorter_than_s3_can_keep_is_refused() -> None:
    (found,) = unsupported(part(zone(retention_days=3)))
    assert found.promised
    assert "`data/`" in found.what
    assert found.origin == "hybridspec.yaml:50"
    assert unsupported(part(zone(retention_days=4))) == []
    (found,) = unsupported(part(zone(stores=(("watch/history", 0), ("watch/rest", 9)))))
    assert "`data/watch/history/`" in found.what


def test_training_beyond_the_limit_of_a_job_is_a_warning() -> None:
    long = replace(job("fault"), hours=28 * 24 + 1)
    (found,) = unsupported(part(zone(training=(long,))))
    assert not found.promised


@pytest.mark.parametrize("retention", ["P3D", "P1D"])
def test_the_compiler_stops_at_a_promise_that_cannot_be_kept(
    retention: str, example: Path, cache: Path
) -> None:
    spec = example / "hybridspec.yaml"
    text = spec.read_text().replace("retention: P30D", f"retention: {retention}")
    text = text.replace("offline: P3D", "offline: PT12H")  # nothing waits for longer
    spec.write_text(text.replace("retention: P14D", "retention: P1D"))  # the logs are kept as well
    with pytest.raises(SpecInvalid) as stopped:
        compile_file(spec, Options(cache=cache))
    store, logs = (f for f in stopped.value.findings if f.severity is Severity.ERROR)
    assert {store.code, logs.code} == {"HS0501"}
    assert "P4D" in store.help
    assert "P4D" in logs.help
