"""`keys init` and `keys rotate`: keys made or fetched, public halves written beside the spec."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from securesystemslib.signer import Key, SSlibKey

from hybridspec.base.closest import closest
from hybridspec.base.edit import Edits, apply, put
from hybridspec.base.errors import HybridspecError, UsageError
from hybridspec.bundle.keys import NotAtHand
from hybridspec.cli.keys_stated import Stated, secrets
from hybridspec.deliver.durable import write_durably
from hybridspec.deliver.signers import file_key
from hybridspec.deliver.signers.opening import NEW, located, public_half
from hybridspec.deliver.signers.stack_keys import retire
from hybridspec.ir.governance import SigningKey

TEMPLATE = """\
stacks:
  {stack}:
    keys:
      keys:
        anna: {{uri: "file:../keys/anna.key", public: keys/anna.pem, holder: Anna}}
        ben: {{uri: "hsm:2?label=ben", public: keys/ben.pem, holder: Ben}}
        carol: {{uri: "hsm:2?label=carol", public: keys/carol.pem, holder: Carol}}
        dora: {{uri: "file:../keys/dora.key", public: keys/dora.pem, holder: Dora}}
        release: {{uri: "awskms:alias/ota-release", public: keys/release.pem}}
        snapshot: {{uri: "awskms:alias/ota-snapshot", public: keys/snapshot.pem}}
        timestamp: {{uri: "awskms:alias/ota-timestamp", public: keys/timestamp.pem}}
        model: {{uri: "awskms:alias/ota-model", public: keys/model.pem}}
        attestation: {{uri: "awskms:alias/ota-attestation", public: keys/attestation.pem}}
      root: {{keys: [anna, ben, carol], threshold: 2}}
      targets: {{keys: [dora]}}
      snapshot: {{keys: [snapshot]}}
      timestamp: {{keys: [timestamp]}}
      classes: {{keys: [release]}}
      model: {{keys: [model]}}
      attestation: {{keys: [attestation]}}
"""


@dataclass(frozen=True, slots=True)
class Made:
    """What became of one key: `made`, `fetched`, `kept`, or why it is `away`."""

    name: str
    state: str
    public: str
    fault: HybridspecError | None = None


def known(found: Stated, names: Sequence[str]) -> list[SigningKey]:
    """Keys by name; all of them if none is named.

    Raises:
        UsageError: the spec has no such key.
    """
    for name in names:
        if name not in found.keys:
            near = closest(name, list(found.keys))
            raise UsageError(
                f"the spec names no key `{name}` for stack `{found.stack.name}`",
                help=f"did you mean `{near}`?" if near else "its keys: " + ", ".join(found.keys),
            )
    return [found.keys[name] for name in names or found.keys]


def init(found: Stated, names: Sequence[str], say: Callable[[str], None]) -> tuple[Made, ...]:
    """Make each key in a file that is not there, and write each public half that is not there."""
    done = []
    for key in known(found, names):
        path = found.folder / key.public
        if path.exists():
            done.append(Made(key.name, "kept", key.public))
            continue
        try:
            public, state = _half(found, key, say)
        except NotAtHand as away:
            done.append(Made(key.name, "away", key.public, away))
            continue
        write_public(path, public)
        done.append(Made(key.name, state, key.public))
    return tuple(done)


def _half(found: Stated, key: SigningKey, say: Callable[[str], None]) -> tuple[Key, str]:
    uri = located(key.uri, found.folder)
    ask = secrets().of(key.name)
    private = Path(uri.partition(":")[2])
    if not uri.startswith("file:") or private.exists():
        say(f"asking {key.uri} for its public half")
        return fitting(public_half(uri, ask), key.name, p256=found.p256(key.name)), "fetched"
    made = file_key.made(private, ask(NEW), p256=found.p256(key.name))
    return SSlibKey.from_crypto(made.public_key()), "made"


def fitting(public: Key, name: str, *, p256: bool) -> Key:
    """The key.

    Raises:
        UsageError: it is on another curve than its role can use.
    """
    if p256 and public.scheme != "ecdsa-sha2-nistp256":
        raise UsageError(
            f"key `{name}` is {public.scheme}, and what lies in bundles is signed with P-256",
            help="name a P-256 key: OpenSSF Model Signing knows NIST curves alone",
        )
    return public


def write_public(path: Path, public: Key) -> None:
    """A public half as PEM, for everybody to read."""
    pem = public._crypto_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    write_durably(path, pem)


def rotate(found: Stated, name: str, uri: str, say: Callable[[str], None]) -> SigningKey:
    """Another key in the place of one, in the spec and beside it; the old files stay."""
    (key,) = known(found, [name])
    number = _next(found, key)
    public = Path(_numbered(key.public, number))
    if not uri:
        if not key.uri.startswith("file:"):
            raise UsageError(
                f"key `{name}` is kept by {key.uri.partition(':')[0]}, which makes its own keys",
                help=f"make one there, then `hybridspec keys rotate {name} --key URI`",
            )
        uri = _numbered(key.uri, number)
        if Path(located(uri, found.folder).partition(":")[2]).exists():
            raise UsageError(f"there is a file for `{uri}` already, and it is never overwritten",
                             help="use it with `--key`, or move it away")  # fmt: skip
    new = replace(key, uri=uri, public=public.as_posix())
    half, _ = _half(found, new, say)
    write_public(found.folder / public, half)
    retire(found.stack, key)
    place = ("stacks", found.stack.name, "keys", "keys", name)
    edits = [put(found.origins.value(*place, field), value)
             for field, value in (("uri", new.uri), ("public", new.public))]  # fmt: skip
    _write(found.folder, edits)
    return new


def _write(folder: Path, edits: list[Edits]) -> None:
    """Edits into the files of the spec that they are about."""
    for name in sorted({edit.span.file.name for group in edits for edit in group}):
        path = folder / name
        mine = [group for group in edits if group[0].span.file.name == name]
        text, made = apply(path.read_bytes().decode(), mine)
        if made != len(mine):
            raise UsageError(f"`{path}` is laid out so that it cannot be edited",
                             help="write the new URI and the new public file by hand")  # fmt: skip
        write_durably(path, text.encode())


def _numbered(path: str, number: int) -> str:
    """A file's name with a number before its ending.

    >>> _numbered("keys/anna.pem", 2), _numbered("keys/anna-2.pem", 3)
    ('keys/anna-2.pem', 'keys/anna-3.pem')
    """
    head, dot, tail = path.rpartition(".")
    stem = unnumbered(head if dot else path)
    return f"{stem}-{number}{dot}{tail}" if dot else f"{stem}-{number}"


def unnumbered(stem: str) -> str:
    """A file's name without its ending and without the number that a rotation gave it.

    >>> unnumbered("anna-2"), unnumbered("anna")
    ('anna', 'anna')
    """
    return re.sub(r"-\d+$", "", stem)


def _next(found: Stated, key: SigningKey) -> int:
    number = 2
    while (found.folder / _numbered(key.public, number)).exists():
        number += 1
    return number
