"""`hybridspec bundle export`: the releases of a spec in the form that another platform takes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from hybridspec.cli import output
from hybridspec.cli.flags import Format, FormatFlag, SpecPath, StackFlag

if TYPE_CHECKING:
    from securesystemslib.signer import Signer

    from hybridspec.base.diagnostic import Diagnostic
    from hybridspec.bundle.keys import Keyring
    from hybridspec.cli.output_tree import Output
    from hybridspec.deliver.stack import Stack
    from hybridspec.emit.forms import Published
    from hybridspec.ir.release_slice import ReleaseSigner, ReleaseSlice
    from hybridspec.ir.tree import FileTree
    from hybridspec.target.api import Target

_LONGEST = 1024
_PUBLISH = "publish it first (`hybridspec channel publish`), or name its stack with `--stack`"


def export(
    spec: SpecPath = Path(),
    form: Annotated[
        str, typer.Option("--form", help="oci, hawkbit, iot-jobs, device-update or suit.")
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder to write: below it one per form, and per class."),
    ] = None,
    device_class: Annotated[
        list[str] | None, typer.Option("--class", help="Only this class; may be repeated.")
    ] = None,
    channel_url: Annotated[
        str, typer.Option("--channel-url", help="Where devices reach the channel's folder.")
    ] = "",
    stack: StackFlag = "local",
    format: FormatFlag = Format.HUMAN,
) -> None:
    """Write releases as documents and files of another platform, signed contents unchanged."""
    from hybridspec.base.errors import UsageError
    from hybridspec.target.registry import forms

    known = forms()
    if form not in known:
        raise UsageError(f"there is no form `{form}`" if form else "no form is named",
                         help=f"write --form with one of {', '.join(known)}")  # fmt: skip
    if out is None:
        raise UsageError("no folder is named to write to", help="write --out FOLDER")
    _export(spec, known[form], out, tuple(device_class or ()), _address(channel_url), stack,
            as_json=format is Format.JSON)  # fmt: skip


def _export(
    spec: Path, target: Target, out: Path, classes: tuple[str, ...], address: str, stack: str, *,
    as_json: bool,
) -> None:  # fmt: skip
    from functools import partial

    from hybridspec.base.diagnostic import Severity, SpecInvalid
    from hybridspec.base.errors import UsageError
    from hybridspec.cli.channel import keys_of
    from hybridspec.cli.output_tree import build
    from hybridspec.compiler import unsupported_finding
    from hybridspec.deliver.publish import repositories
    from hybridspec.deliver.stack import Stack
    from hybridspec.deliver.write import write_tree
    from hybridspec.emit.forms import emit_form
    from hybridspec.emit.origins import origins
    from hybridspec.ir.tree import merge
    from hybridspec.load.file import locate

    kept = Stack(locate(spec), stack)
    folder = kept.output()
    if folder is None or not repositories(folder / "channel"):
        raise UsageError(f"nothing of stack `{stack}` was published from here", help=_PUBLISH)
    made = build(kept.spec, folder, output.options(stack), partial(keys_of, kept))
    places = origins(made.build.graph)
    found: list[Diagnostic] = []
    trees: list[FileTree] = []
    parts: list[ReleaseSlice] = []
    for part, blobs in _slices(made, kept, classes, address):
        tree, unsupported = emit_form(target, part, blobs)
        told = (unsupported_finding(each, places) for each in unsupported)
        found += [finding for finding in told if finding not in found]
        trees.append(tree.under(part.device_class))
        parts.append(part)
    if any(finding.severity is Severity.ERROR for finding in found):
        raise SpecInvalid(tuple(found))
    out = out / target.name  # of its own: what a former export left there is replaced
    changes = write_tree(out, merge(trees))
    if as_json:
        _document(target.name, out, parts, trees, found)
        return
    output.findings(found, "human")
    for part, tree in zip(parts, trees, strict=True):
        print(f"{out / part.device_class}: release {part.release}, counter {part.counter}, "
              f"{len(tree.files)} files")  # fmt: skip
    output.say(f"{len(changes.written)} files written, {len(changes.removed)} removed, "
               f"{len(changes.kept)} unchanged")  # fmt: skip


def _document(
    form: str, out: Path, parts: list[ReleaseSlice], trees: list[FileTree],
    found: list[Diagnostic],
) -> None:  # fmt: skip
    output.document({
        "schemaVersion": "hybridspec.dev/export/v1",
        "form": form,
        "folder": str(out),
        "releases": [
            {"deviceClass": part.device_class, "release": part.release, "counter": part.counter,
             "securityEpoch": part.epoch, "files": [path.partition("/")[2] for path in tree.files]}
            for part, tree in zip(parts, trees, strict=True)
        ],
        "elsewhere": [{"severity": str(f.severity), "message": f.message, "help": f.help}
                      for f in found],
    })  # fmt: skip


def _slices(
    made: Output, stack: Stack, classes: tuple[str, ...], address: str
) -> Iterator[tuple[ReleaseSlice, Mapping[str, bytes | Path]]]:
    """The release of each class, with its files by digest."""
    from hybridspec.base.errors import UsageError
    from hybridspec.cli.channel import keys_of
    from hybridspec.deliver.publish import repositories
    from hybridspec.emit.forms import release_slice
    from hybridspec.ir.release_slice import ReleaseFile

    build, digests = made.build, dict(made.archives)
    missing = sorted(set(classes) - set(digests))
    if missing:
        raise UsageError(f"no release is made for a class `{missing[0]}`",
                         help=f"classes with a release: {', '.join(sorted(digests))}")  # fmt: skip
    there = repositories(made.folder / "channel")
    keys = keys_of(stack, sorted(digests))
    contents = dict(build.contents)
    for member in build.plan.fleet:
        name = member.device_class.name
        if classes and name not in classes:
            continue
        folder, content = made.folder / "bundles" / name, contents[name]
        manifest = (folder / "manifest.json").read_bytes()
        bundle = ReleaseFile(path="bundle.tar.zst", size=digests[name].archive_size,
                             sha256=digests[name].archive_sha256)  # fmt: skip
        published = _published(there, name, manifest, keys, address)
        part = release_slice(build.graph, member, build.plan.stores, content, bundle, manifest,
                             published)  # fmt: skip
        named = zip(part.files, content, strict=True)
        yield (
            part,
            {
                **{file.sha256: data for file, (_, data) in named},
                part.manifest.sha256: manifest,
                bundle.sha256: folder / bundle.path,
            },
        )


def _published(
    there: Mapping[str, Mapping[str, bytes]], name: str, manifest: bytes, keys: Keyring,
    address: str,
) -> Published:  # fmt: skip
    """What the repository of the class's tier says of the release.

    Raises:
        UsageError: none says anything of it.
    """
    from hybridspec.base.errors import UsageError
    from hybridspec.bundle.keys import class_role
    from hybridspec.bundle.manifest import release_id
    from hybridspec.emit.forms import Published

    release = release_id(manifest)
    pointer = f"{name}/{release}/manifest.json"
    offers = {folder: _signed(metadata, class_role(name)).get("targets", {})
              for folder, metadata in there.items()}  # fmt: skip
    folder = next((each for each, targets in offers.items() if pointer in targets), None)
    if folder is None:
        raise UsageError(f"release {release} of `{name}` is in no channel here", help=_PUBLISH)
    targets = offers[folder]
    now = [targets[path]["custom"]["hybridspec"]["release"] for pointed in ("current", "stable")
           if (path := f"{name}/{pointed}/manifest.json") in targets]  # fmt: skip
    if release not in now:
        raise UsageError(
            f"release {release} of `{name}` is offered to no device any more",
            help=f"the channel offers {' and '.join(now) or 'nothing'}: export from the spec of "
            "that, or publish this one again",
        )
    said = targets[pointer]["custom"]["hybridspec"]
    signers, threshold = _signers(keys, name)
    whole = (pointer, f"{name}/{release}/bundle.tar.zst")
    return Published(
        release=release,
        counter=int(said["release_counter"]),
        epoch=int(said["security_epoch"]),
        percent=int((said.get("rollout") or {}).get("percent", 100)),
        root=int(_signed(there[folder], "root").get("version", 0)),
        address=f"{address}/{folder}".rstrip("/") if address else "",
        deltas=tuple(path for path in sorted(targets)
                     if path.startswith(f"{name}/{release}") and path not in whole),
        signers=signers,
        threshold=threshold,
    )  # fmt: skip


def _signed(metadata: Mapping[str, bytes], role: str) -> dict[str, Any]:
    """What a role of the channel says; nothing if there is none."""
    signed = json.loads(metadata[role])["signed"] if role in metadata else {}
    return signed if isinstance(signed, dict) else {}


def _signers(keys: Keyring, name: str) -> tuple[tuple[ReleaseSigner, ...], int]:
    """The keys of the class's role that are at hand, and how many have to sign."""
    from hybridspec.bundle.keys import class_role

    role = keys.role(class_role(name))
    counting = {key.keyid for key in role.public}
    mine = [signer for signer in role.signers if signer.public_key.keyid in counting]
    return tuple(map(_signer, mine)), role.threshold


def _signer(signer: Signer) -> ReleaseSigner:
    """A key of the channel as forms see it."""
    from hybridspec.ir.release_slice import ReleaseSigner

    def sign(data: bytes) -> bytes:
        return bytes.fromhex(signer.sign(data).signature)

    scheme = str(signer.public_key.scheme)
    return ReleaseSigner(keyid=str(signer.public_key.keyid), sign=sign,
                         scheme="ecdsa" if scheme == "ecdsa-sha2-nistp256" else scheme)  # fmt: skip


def _address(url: str) -> str:
    """The address of a channel without a slash at its end.

    Raises:
        UsageError: devices could not use it, or it holds more than an address.
    """
    from hybridspec.base.errors import UsageError

    if not url:
        return ""
    try:
        parts = urlsplit(url)
        local = parts.hostname in ("127.0.0.1", "localhost", "::1")
        plain = url.isascii() and url.isprintable() and not set(url) & set(" \\\"'<>`{}$")
        secure = parts.scheme == "https" or (parts.scheme == "http" and local)
        sound = secure and bool(parts.hostname) and parts.port != 0
        sound = sound and "@" not in parts.netloc and len(url) <= _LONGEST
    except ValueError:
        plain = sound = False
    if not (plain and sound) or "?" in url or "#" in url:
        raise UsageError(
            f"not an address that devices can fetch a channel from: {url[:80]!r}",
            help="write https://, a host and a path, without user, query or fragment",
        )
    return url.rstrip("/")
