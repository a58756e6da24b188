"""Import manifests of Azure Device Update, judged by the vendor's schema, version 5."""

from __future__ import annotations

import base64
import copy
import hashlib
from typing import Any

import pytest
from forms.outsiders import schema_faults
from forms.slices import documents, emitted, file, made_up, refusals

SCHEMA = "azure-deviceupdate-import-manifest-5.0.json"
NAME = "listening.gateway.1.7.importmanifest.json"


def manifest(**changes: object) -> dict[str, Any]:
    """The import manifest of a made-up release."""
    found: Any = documents("device-update", made_up(**changes))
    return next(iter(found.values()))


def test_the_vendor_s_schema_accepts_it() -> None:
    assert schema_faults(SCHEMA, manifest()) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("updateId", "name"), "no_underscores"),
        (("updateId", "version"), "7"),
        (("files", 0, "sizeInBytes"), 2**31 + 1),
        (("instructions", "steps", 0, "handler"), "no version"),
        (("compatibility", 0), {}),
        (("manifestVersion",), "4.0"),
        (("instructions", "steps", 0, "script"), "rm"),
    ],
)
def test_the_schema_is_seen_to_refuse(path: tuple[Any, ...], value: object) -> None:
    broken = copy.deepcopy(manifest())
    at: Any = broken
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    assert schema_faults(SCHEMA, broken)


def test_digests_are_base64_and_files_lie_beside_the_manifest() -> None:
    part = made_up()
    files, _ = emitted("device-update", part)
    assert sorted(files) == ["bundle.tar.zst", NAME, "manifest.json"]
    listed = {one["filename"]: one for one in manifest()["files"]}
    for name in ("bundle.tar.zst", "manifest.json"):
        digest = base64.b64decode(listed[name]["hashes"]["sha256"], validate=True)
        assert digest == hashlib.sha256(files[name]).digest()
        assert listed[name]["sizeInBytes"] == len(files[name])
    assert manifest()["instructions"]["steps"][0]["files"] == list(listed)


def test_versions_grow_with_the_epoch_first_and_the_day_is_the_spec_s() -> None:
    def version(epoch: int, counter: int) -> tuple[int, ...]:
        text = manifest(epoch=epoch, counter=counter)["updateId"]["version"]
        return tuple(map(int, text.split(".")))

    assert version(0, 9) < version(0, 10) < version(1, 1)
    assert manifest()["createdDateTime"] == "2026-11-01T00:00:00Z"


def test_two_gigabytes_are_the_limit_of_the_whole_update() -> None:
    small = file("manifest.json", b"manifest").size
    for size, refused in ((2**31 - small, False), (2**31 - small + 1, True)):
        part = made_up(bundle=file("bundle.tar.zst", b"what a bundle would be"))
        object.__setattr__(part.bundle, "size", size)
        assert bool(refusals("device-update", part)) is refused
    assert "no version above" in refusals("device-update", made_up(counter=2**31))[0]


def test_names_that_are_too_long_are_refused_not_cut() -> None:
    assert "64 characters" in refusals("device-update", made_up(spec="s" * 65))[0]
