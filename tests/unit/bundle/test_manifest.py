"""The OTA manifest: what is written is read back, and nothing else is read at all."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

import pytest
from conformance.channels import content
from hypothesis import given
from hypothesis import strategies as st

from hybridspec.bundle import manifest as module
from hybridspec.bundle.manifest import (
    ManifestError,
    canonical_json,
    check_path,
    parse_manifest,
    release_id,
)

GOOD = content(1.0).manifest
UNSAFE = ("", ".", "/x", "..", "../x", "a/../b", "a//b", "a/", "./a", "a\\b", "a\0b", "x" * 513)


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    """The good manifest, changed and written canonically again."""
    value = json.loads(canonical_json(GOOD))
    change(value)
    return canonical_json(value)


def test_a_manifest_is_read_back_as_it_was_written() -> None:
    assert parse_manifest(canonical_json(GOOD)) == GOOD
    assert canonical_json(parse_manifest(canonical_json(GOOD))) == canonical_json(GOOD)


def test_a_release_is_named_by_its_manifest() -> None:
    data = canonical_json(GOOD)
    assert len(release_id(data)) == 16
    assert release_id(data) != release_id(changed(lambda m: m.update(spec="other")))


FAULTS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "unknown key": (lambda m: m.update(extra=1), "exactly the keys"),
    "missing key": (lambda m: m.pop("zones"), "exactly the keys"),
    "another schema": (lambda m: m.update(schema="hybridspec.dev/release/v2"), "/schema"),
    "number for text": (lambda m: m.update(spec=1), "/spec: needs str"),
    "text for list": (lambda m: m.update(zones="eu"), "/zones: needs a list"),
    "object for list": (lambda m: m.update(files={}), "/files: needs a list"),
    "truth for number": (lambda m: m["files"][0].update(size=True), "/files/0/size: needs int"),
    "integer for float": (lambda m: m["models"][0].update(p95_ms=5), "p95_ms: needs float"),
    "huge integer": (lambda m: m["models"][0].update(p95_ms=10**400), "p95_ms: needs float"),
    "null": (lambda m: m.update(architecture=None), "/architecture: needs str"),
    "negative size": (lambda m: m["files"][0].update(size=-1), "needs a size"),
    "short digest": (lambda m: m["files"][0].update(sha256="ab"), "needs a size and a SHA-256"),
    "a name that no file system takes": (
        lambda m: m["files"][0].update(path="model/" + "é" * 128), "safe relative"),
    "listed twice": (lambda m: m["files"].append(m["files"][0]), "listed twice"),
    "a file that is a folder too": (
        lambda m: m["files"][1].update(path=m["files"][0]["path"] + "/x"), "both a file and",
    ),
    "unlisted model": (lambda m: m["models"][0].update(path="other.onnx"), "not listed"),
    "unlisted golden": (lambda m: m["models"][0]["golden"].update(inputs="x.npz"), "not listed"),
    "too many files": (lambda m: m.update(zones=["z"] * 10_001), "bounded length"),
    **{f"path {path!r:.20}": (lambda m, p=path: m["files"][0].update(path=p), "safe relative")
       for path in UNSAFE},
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_not_a_manifest_is_refused(fault: str) -> None:
    change, why = FAULTS[fault]
    with pytest.raises(ManifestError, match=why):
        parse_manifest(changed(change))


TEXT = canonical_json(GOOD).decode()
RAW = {
    "no JSON": "{",
    "not UTF-8": b"\xff\xfe{}",
    "white space": TEXT + "\n",
    "other order": json.dumps(dict(reversed(json.loads(TEXT).items())), separators=(",", ":")),
    "the same key twice": TEXT.replace('"spec":"tiny"', '"spec":"evil","spec":"tiny"'),
    "NaN": TEXT.replace('"p95_ms":60000.0', '"p95_ms":NaN'),
    "infinity in words": TEXT.replace('"p95_ms":60000.0', '"p95_ms":Infinity'),
    "infinity in digits": TEXT.replace('"p95_ms":60000.0', '"p95_ms":1e999'),
    "lone surrogate": TEXT.replace('"spec":"tiny"', '"spec":"\\udc80"'),
    "endless nesting": "[" * 100_000,
    "too large": TEXT.replace("tiny", "x" * module.MAX_MANIFEST),
}


@pytest.mark.parametrize("name", RAW)
def test_bytes_that_are_not_in_canonical_form_are_refused(name: str) -> None:
    data = RAW[name]
    assert data != TEXT
    with pytest.raises(ManifestError):
        parse_manifest(data if isinstance(data, bytes) else data.encode())


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode()))
def test_no_bytes_raise_anything_but_a_manifest_error(data: bytes) -> None:
    with pytest.raises(ManifestError):
        parse_manifest(data)


@given(st.data())
def test_no_changed_byte_is_read_as_the_same_manifest(data: st.DataObject) -> None:
    raw = bytearray(canonical_json(GOOD))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with contextlib.suppress(ManifestError):
        assert parse_manifest(bytes(raw)) != GOOD


@given(st.text(alphabet="ab./\\\0-é", min_size=0, max_size=12))
def test_an_accepted_path_stays_inside_its_folder(path: str) -> None:
    try:
        check_path(path, "/")
    except ManifestError:
        return
    assert not PurePosixPath(path).is_absolute()
    assert ".." not in PurePosixPath(path).parts
    assert (PurePosixPath("/slot") / path).is_relative_to("/slot")
    assert str(PurePosixPath(path)) == path


def test_numbers_that_no_canonical_form_has_are_not_written() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical_json({"p95": float("nan")})
