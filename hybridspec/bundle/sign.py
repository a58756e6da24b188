"""The signatures of a bundle, put into its envelopes: over the models, provenance and test results.

The roles are `model` and `attestation` of a keyring. A signature of a former run that holds for
the same words is kept: keys in hardware or in a cloud sign differently each time, and the same
content must not become another release. Keys of ours sign alike by themselves (RFC 6979).
"""

from __future__ import annotations

from collections.abc import Mapping

from securesystemslib.signer import Signer

from hybridspec.bundle import envelope, model_signature
from hybridspec.bundle.assemble import complete
from hybridspec.bundle.keys import Keyring
from hybridspec.bundle.manifest import parse_manifest
from hybridspec.bundle.members import (
    ACCURACY,
    ENVELOPES,
    MANIFEST,
    MODEL_SIGNATURE,
    PROVENANCE,
)
from hybridspec.ir.tree import FileTree


def sign(tree: FileTree, keys: Keyring, earlier: Mapping[str, bytes] | None = None) -> FileTree:
    """The same bundle, signed; `earlier` are envelopes of a former release, by path.

    Raises:
        NoSigner: a role has fewer keys at hand than have to sign.
        WrongCurve: the key for models is of another kind than Model Signing knows.
    """
    before = earlier or {}
    attesting = _signers(keys, "attestation")
    made = {
        path: envelope.sign(_document(tree, path), attesting, before.get(path))
        for path in (ACCURACY, PROVENANCE)
    }
    made[MODEL_SIGNATURE] = model_signature.sign(
        _document(tree, MODEL_SIGNATURE), _signers(keys, "model")[0], before.get(MODEL_SIGNATURE)
    )
    return complete(parse_manifest(_document(tree, MANIFEST)), tree, made)


def kept(tree: FileTree, earlier: Mapping[str, bytes]) -> FileTree:
    """The same bundle with the signatures of a former run, if they are all of these very words.

    They are not judged here, where no key is known: whoever verifies the bundle does.
    """
    same = all(path in earlier and _same(path, _document(tree, path), earlier[path])
               for path in ENVELOPES)  # fmt: skip
    if not same:
        return tree
    made = {path: earlier[path] for path in ENVELOPES}
    return complete(parse_manifest(_document(tree, MANIFEST)), tree, made)


def _same(path: str, unsigned: bytes, before: bytes) -> bool:
    read = model_signature.read if path == MODEL_SIGNATURE else envelope.read
    try:
        found = read(before)
    except ValueError:
        return False
    return bool(found.signatures) and found.payload == read(unsigned).payload


def _signers(keys: Keyring, role: str) -> tuple[Signer, ...]:
    found = keys.role(role)
    if len(found.signers) < max(1, found.threshold):
        raise envelope.NoSigner(role)
    return found.signers


def _document(tree: FileTree, path: str) -> bytes:
    data = tree.files[path]
    return data if isinstance(data, bytes) else data.read_bytes()
