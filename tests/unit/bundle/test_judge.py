"""A bundle that somebody changed: every member, and with a manifest that was made to fit."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import EXAMPLE, fixed_pems
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridspec.bundle import envelope, model_signature
from hybridspec.bundle.account import account, difference
from hybridspec.bundle.archive import write_archive
from hybridspec.bundle.assemble import complete
from hybridspec.bundle.judge import Trust, judge
from hybridspec.bundle.keys import DevelopmentKeys
from hybridspec.bundle.manifest import FileRecord, canonical_json, parse_manifest
from hybridspec.bundle.members import (
    ACCURACY,
    LICENCES,
    MANIFEST,
    MODEL_SIGNATURE,
    PROVENANCE,
    SBOM,
    WHEELS,
)
from hybridspec.bundle.reading import Opened, read_bundle
from hybridspec.bundle.sign import kept, sign
from hybridspec.compiler import Options, compile_file
from hybridspec.ir.tree import FileTree, digest_of
from hybridspec.report.bundle import compared, inspected

KEYS = DevelopmentKeys(fixed_pems())
TRUST = Trust(models=KEYS.role("model").public, attestations=KEYS.role("attestation").public)
MODEL = "model/bearing-fault/model.onnx"
GOLDEN = "model/bearing-fault/golden_outputs.npz"
FLOWS = "runtime/flows.json"

Files = dict[str, Any]


@pytest.fixture(scope="module")
def unsigned(cache: Path) -> FileTree:
    """The gateway's bundle of the main example, before anybody signed it."""
    tree = dict(compile_file(EXAMPLE / "hybridspec.yaml", Options(cache=cache)).contents)["gateway"]
    return FileTree({p: d if isinstance(d, bytes) else d.read_bytes() for p, d in tree})


@pytest.fixture(scope="module")
def bundle(unsigned: FileTree) -> FileTree:
    """The same, signed."""
    return sign(unsigned, KEYS)


def opened(tree: FileTree) -> Opened:
    """A bundle packed and read."""
    out = io.BytesIO()
    write_archive(tree, out)
    return read_bundle(io.BytesIO(out.getvalue()))


def reasons(tree: FileTree, trust: Trust = TRUST) -> list[str]:
    """Why a bundle is refused."""
    return [fault.reason for fault in judge(opened(tree), trust)]


def listed(files: Files) -> FileTree:
    """These files with a manifest that lists them as they are: what a careful attacker does."""
    manifest = parse_manifest(files[MANIFEST])
    records = tuple(FileRecord(path=p, size=len(d), sha256=digest_of(d))
                    for p, d in sorted(files.items()) if p != MANIFEST)  # fmt: skip
    return FileTree({**files, MANIFEST: canonical_json(replace(manifest, files=records))})


def appended(path: str) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        files[path] += b" "

    return change


def removed(path: str) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        del files[path]

    return change


def promised(files: Files) -> None:
    """Another health contract in the manifest."""
    manifest = parse_manifest(files[MANIFEST])
    (model,) = manifest.models
    files[MANIFEST] = canonical_json(replace(manifest, models=(replace(model, p95_ms=1e6),)))


def added(files: Files) -> None:
    files["platform/hook.sh"] = b"#!/bin/sh\n"


def wheel(files: Files) -> None:
    files["runtime/wheels/evil-1.0-py3-none-any.whl"] = b"PK"


def stripped(path: str) -> Callable[[Files], None]:
    """Signatures taken off."""

    def change(files: Files) -> None:
        if path == MODEL_SIGNATURE:
            files[path] = model_signature.unsigned(model_signature.read(files[path]).payload)
        else:
            files[path] = envelope.unsigned(envelope.read(files[path]).payload)

    return change


def forged(path: str) -> Callable[[Files], None]:
    """Signed by a key that is trusted for something else."""
    other = DevelopmentKeys({"model": fixed_pems()["attestation"],
                             "attestation": fixed_pems()["model"]})  # fmt: skip

    def change(files: Files) -> None:
        if path == MODEL_SIGNATURE:
            files[path] = model_signature.sign(files[path], other.signer("model"))
        else:
            files[path] = envelope.sign(files[path], [other.signer("attestation")])

    return change


def swapped(files: Files) -> None:
    """A genuine envelope in the place of another."""
    files[ACCURACY] = files[PROVENANCE]


def garbage(path: str) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        files[path] = b'{"signatures": 7}'

    return change


def bill(files: Files) -> None:
    """A bill of materials that leaves a model out."""
    value = json.loads(files[SBOM])
    value["components"] = [c for c in value["components"] if "modelCard" not in c]
    files[SBOM] = canonical_json(value)


AS_IT_IS: dict[str, tuple[Callable[[Files], None], set[str]]] = {
    "model": (appended(MODEL), {"model-differs"}),
    "golden file": (appended(GOLDEN), {"golden-differs"}),
    "bill of materials": (appended(SBOM), {"sbom-differs"}),
    "provenance": (appended(PROVENANCE), {"provenance-differs"}),
    "test results": (appended(ACCURACY), {"accuracy-differs"}),
    "signature over the models": (appended(MODEL_SIGNATURE), {"model-signature-differs"}),
    "licences": (appended(LICENCES), {"licence-differs"}),
    "runtime": (appended(FLOWS), {"runtime-differs"}),
    "manifest": (appended(MANIFEST), {"manifest-malformed"}),
    "model gone": (removed(MODEL), {"model-missing"}),
    "manifest gone": (removed(MANIFEST), {"manifest-missing"}),
    "bill gone": (removed(SBOM), {"sbom-missing"}),
    "platform file added": (added, {"platform-unlisted"}),
}
MADE_TO_FIT: dict[str, tuple[Callable[[Files], None], set[str]]] = {
    "model": (appended(MODEL), {"model-not-signed", "model-not-attested", "model-not-tested"}),
    "golden file": (appended(GOLDEN), {"golden-not-signed", "golden-not-attested"}),
    "bill of materials": (appended(SBOM), {"sbom-not-attested"}),
    "licences": (appended(LICENCES), {"licence-not-attested"}),
    "runtime": (appended(FLOWS), {"runtime-not-attested"}),
    "promises of the manifest": (promised, {"manifest-not-attested"}),
    "platform file added": (added, {"platform-not-attested"}),
    "wheel added": (wheel, {"runtime-not-attested", "runtime-wheel-unlocked"}),
    "model in no bill": (bill, {"sbom-not-attested", "sbom-incomplete"}),
    "models unsigned": (stripped(MODEL_SIGNATURE), {"model-signature-unsigned"}),
    "provenance unsigned": (stripped(PROVENANCE), {"provenance-unsigned"}),
    "test results unsigned": (stripped(ACCURACY), {"accuracy-unsigned"}),
    "models signed by another key": (forged(MODEL_SIGNATURE), {"model-signature-untrusted"}),
    "provenance by another key": (forged(PROVENANCE), {"provenance-untrusted"}),
    "test results by another key": (forged(ACCURACY), {"accuracy-untrusted"}),
    "one envelope for another": (swapped, {"accuracy-malformed"}),
    "no signature over the models": (removed(MODEL_SIGNATURE), {"model-signature-missing"}),
    "no provenance": (removed(PROVENANCE), {"provenance-missing"}),
    "no test results": (removed(ACCURACY), {"accuracy-missing"}),
    "noise for a signature": (garbage(MODEL_SIGNATURE), {"model-signature-malformed"}),
    "noise for provenance": (garbage(PROVENANCE), {"provenance-malformed"}),
}  # fmt: skip


@pytest.mark.parametrize("case", AS_IT_IS)
def test_a_changed_member_is_refused_by_a_reason_of_its_own(case: str, bundle: FileTree) -> None:
    change, wanted = AS_IT_IS[case]
    files = dict(bundle.files)
    change(files)
    found = reasons(FileTree(files))
    assert wanted <= set(found)
    content = reasons(FileTree(files), Trust(signatures=False))
    assert set(content) & wanted == wanted


def test_reasons_are_distinct() -> None:
    first = [min(wanted) for _, wanted in AS_IT_IS.values()]
    assert len(set(first)) == len(first)


@pytest.mark.parametrize("case", MADE_TO_FIT)
def test_a_manifest_that_was_made_to_fit_does_not_help(case: str, bundle: FileTree) -> None:
    change, wanted = MADE_TO_FIT[case]
    files = dict(bundle.files)
    change(files)
    fitted = listed(files)
    found = set(reasons(fitted))
    assert wanted <= found
    if case == "promises of the manifest":
        assert found == wanted
    assert not {reason for reason in reasons(fitted, Trust(signatures=False))
                if reason.endswith("-differs")}  # fmt: skip


def test_a_whole_bundle_is_accepted_and_an_unsigned_one_is_not(
    bundle: FileTree, unsigned: FileTree
) -> None:
    assert reasons(bundle) == []
    assert reasons(bundle, Trust(signatures=False)) == []
    assert reasons(unsigned, Trust(signatures=False)) == []
    assert reasons(unsigned) == ["model-signature-unsigned", "provenance-unsigned",
                                 "accuracy-unsigned"]  # fmt: skip
    assert reasons(bundle, Trust()) == ["model-signature-untrusted", "provenance-untrusted",
                                        "accuracy-untrusted"]  # fmt: skip
    assert reasons(bundle, replace(TRUST, threshold=2)) == [
        "provenance-untrusted", "accuracy-untrusted",
    ]  # fmt: skip


def test_the_keys_of_one_role_do_not_count_for_the_other(bundle: FileTree) -> None:
    crossed = Trust(models=TRUST.attestations, attestations=TRUST.models)
    assert reasons(bundle, crossed) == ["model-signature-untrusted", "provenance-untrusted",
                                        "accuracy-untrusted"]  # fmt: skip


def test_another_release_than_the_one_expected_is_refused(bundle: FileTree) -> None:
    assert reasons(bundle, replace(TRUST, release="0" * 16)) == ["release-mismatch"]
    told = account(opened(bundle))
    assert reasons(bundle, replace(TRUST, release=told["release"])) == []
    assert told["models"][0]["variant"] == "int8"
    assert len(told["signatures"]["provenance"]) == 1


def test_signing_again_gives_the_same_bytes_and_keeps_what_holds(
    bundle: FileTree, unsigned: FileTree
) -> None:
    assert sign(unsigned, KEYS).files == bundle.files
    earlier = {path: bundle.files[path] for path in (ACCURACY, PROVENANCE, MODEL_SIGNATURE)}
    again = sign(unsigned, _Random(KEYS), earlier)  # type: ignore[arg-type]
    assert again.files == bundle.files
    anew = sign(unsigned, _Random(KEYS))  # type: ignore[arg-type]
    assert anew.files[MODEL_SIGNATURE] != bundle.files[MODEL_SIGNATURE]
    assert reasons(anew) == []
    signed = {path: anew.files[path] for path in earlier}
    assert kept(unsigned, signed).files == anew.files  # a build without keys takes nothing off
    assert kept(unsigned, {}).files == unsigned.files
    assert kept(unsigned, {**signed, ACCURACY: signed[PROVENANCE]}).files == unsigned.files
    lost = dict.fromkeys(earlier, b"{")
    assert kept(unsigned, lost).files == unsigned.files
    assert sign(unsigned, KEYS, lost).files == bundle.files
    found = difference(opened(bundle), opened(anew))
    assert (found["same"], found["sameContent"], found["manifest"]) == (False, True, [])
    assert {one["kind"] for one in found["changed"]} == {
        "accuracy", "provenance", "model-signature", "manifest",
    }  # fmt: skip


class _Random:
    """A keyring like one of hardware: the same keys, another signature each time."""

    development = True

    def __init__(self, keys: DevelopmentKeys) -> None:
        self._keys = keys

    def role(self, name: str) -> Any:
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
        from securesystemslib.signer import CryptoSigner

        found = self._keys.role(name)
        key = load_pem_private_key(self._keys.pems[name], password=None)
        return replace(found, signers=(CryptoSigner(key),))  # type: ignore[arg-type]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["packages", "wheels", "components", "hashes", "subject", "signatures",
                         "payload", "payloadType", "mediaType", "verificationMaterial",
                         "publicKey", "dsseEnvelope", "keyid", "sig", "type", "name"]),
        inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=60)
@given(st.sampled_from([SBOM, LICENCES, WHEELS, PROVENANCE, ACCURACY, MODEL_SIGNATURE]), JSON)
def test_whatever_strangers_write_is_judged_and_shown(
    bundle: FileTree, path: str, value: Any
) -> None:
    """A careful attacker's JSON is refused like any other; nothing of it is an error of ours."""
    files = {**bundle.files, path: canonical_json(value)}
    found = opened(listed(files))
    assert judge(found, TRUST)
    assert inspected(account(found))
    same = opened(bundle)
    assert compared(difference(same, found))


def test_nobody_signs_with_half_of_the_keys(unsigned: FileTree) -> None:
    class Half:
        development = True

        def role(self, name: str) -> Any:
            return replace(KEYS.role(name), threshold=2)

    with pytest.raises(envelope.NoSigner):
        sign(unsigned, Half())
    with pytest.raises(model_signature.WrongCurve):
        model_signature.sign(unsigned.files[MODEL_SIGNATURE], KEYS.signer("targets"))  # type: ignore[arg-type]
    manifest = parse_manifest(unsigned.files[MANIFEST])  # type: ignore[arg-type]
    assert complete(manifest, unsigned, {}).files == unsigned.files
