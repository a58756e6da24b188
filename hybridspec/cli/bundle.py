"""`hybridspec bundle`: a bundle looked at, verified, compared with another, and unpacked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hybridspec.cli import bundle_export, output
from hybridspec.cli.flags import Format, FormatFlag

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from securesystemslib.signer import Key

    from hybridspec.bundle.judge import Fault, Trust
    from hybridspec.bundle.reading import BundleRefused, Opened

app = typer.Typer(
    help="Bundles: what is in them, whether they are whole and signed, and what differs.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.command()(bundle_export.export)

BundlePath = Annotated[Path, typer.Argument(help="A bundle: `bundle.tar.zst`.")]
ModelKeyFlag = Annotated[
    list[Path] | None,
    typer.Option("--model-key", help="Public key (PEM) that may sign models; may be repeated."),
]
AttestationKeyFlag = Annotated[
    list[Path] | None,
    typer.Option("--attestation-key", help="Public key (PEM) that may attest; may be repeated."),
]
KeysFlag = Annotated[
    Path | None,
    typer.Option("--keys", help="Folder of `keys export-public`: its keys may sign and attest."),
]
StackOfFlag = Annotated[
    Path | None,
    typer.Option("--spec", help="Trust the development keys of this spec's stack `local`."),
]


@app.command()
def inspect(bundle: BundlePath, format: FormatFlag = Format.HUMAN) -> None:
    """Show what a bundle holds: release, models, runtime, who signed, every file."""
    from hybridspec.bundle.account import account
    from hybridspec.bundle.reading import BundleRefused

    try:
        found = account(_opened(bundle))
    except BundleRefused as refused:
        raise _stop(bundle, refused, format) from refused
    if format is Format.JSON:
        output.document(found)
        return
    from hybridspec.report.bundle import inspected

    print(inspected(found), end="")


@app.command()
def verify(
    bundle: BundlePath,
    model_key: ModelKeyFlag = None,
    attestation_key: AttestationKeyFlag = None,
    keys: KeysFlag = None,
    spec: StackOfFlag = None,
    threshold: Annotated[
        int, typer.Option("--threshold", min=1, help="How many attestation keys have to sign.")
    ] = 1,
    release: Annotated[
        str, typer.Option("--release", help="The release that it has to be (16 hex digits).")
    ] = "",
    content_only: Annotated[
        bool, typer.Option("--content-only", help="Check files and archive; ask for no signature.")
    ] = False,
    format: FormatFlag = Format.HUMAN,
) -> None:
    """Check offline that a bundle is whole, and that the keys you name signed and attested it."""
    from hybridspec.bundle.judge import judge
    from hybridspec.bundle.reading import BundleRefused

    named = {"model": list(model_key or ()), "attestation": list(attestation_key or ())}
    if keys is not None:
        for role, paths in named.items():
            paths.extend(sorted((keys / role).glob("*.pem")))
    trust = _trust(named, spec, threshold, release, content_only=content_only)
    try:
        opened = _opened(bundle)
    except BundleRefused as refused:
        raise _stop(bundle, refused, format) from refused
    faults = judge(opened, trust)
    if faults:
        raise _refuse(bundle, faults, format)
    covered = "content only: who signed it stays unknown" if content_only else "signed and attested"
    if format is Format.JSON:
        output.document({
            "schemaVersion": "hybridspec.dev/bundle-verify/v1", "bundle": str(bundle),
            "verified": True, "signatures": not content_only, "faults": [],
            "tarSha256": opened.digest.tar_sha256,
        })  # fmt: skip
        return
    print(f"{bundle}: {len(opened.members)} files as listed, {covered}")


@app.command()
def diff(
    before: BundlePath,
    after: Annotated[Path, typer.Argument(help="The bundle that it is compared with.")],
    format: FormatFlag = Format.HUMAN,
) -> None:
    """Show which files and which promises of a bundle another one has, lacks or has otherwise."""
    from hybridspec.bundle.account import difference
    from hybridspec.bundle.reading import BundleRefused

    opened = []
    for each in (before, after):
        try:
            opened.append(_opened(each))
        except BundleRefused as refused:
            raise _stop(each, refused, format) from refused
    try:
        found = difference(opened[0], opened[1])
    except BundleRefused as refused:
        raise _stop(before, refused, format) from refused
    if format is Format.JSON:
        output.document(found)
        return
    from hybridspec.report.bundle import compared

    print(compared(found), end="")


@app.command()
def extract(
    bundle: BundlePath,
    folder: Annotated[Path, typer.Argument(help="Where to; has to be new or empty.")],
    format: FormatFlag = Format.HUMAN,
) -> None:
    """Unpack a bundle: every file as its manifest lists it, or nothing at all."""
    from hybridspec.bundle.reading import BundleRefused
    from hybridspec.deliver.extract import extract as unpack

    try:
        opened = unpack(bundle, folder)
    except BundleRefused as refused:
        raise _stop(bundle, refused, format) from refused
    if format is Format.JSON:
        output.document({
            "schemaVersion": "hybridspec.dev/bundle-extract/v1", "folder": str(folder),
            "files": len(opened.members),
        })  # fmt: skip
        return
    print(f"{folder}: {len(opened.members)} files; `hybridspec bundle verify` says who signed them")


def _opened(bundle: Path) -> Opened:
    from hybridspec.bundle.reading import read_bundle

    with bundle.open("rb") as source:
        return read_bundle(source)


def _trust(
    named: Mapping[str, Sequence[Path]], spec: Path | None, threshold: int, release: str, *,
    content_only: bool,
) -> Trust:  # fmt: skip
    from hybridspec.base.errors import UsageError
    from hybridspec.bundle.judge import Trust
    from hybridspec.deliver.signers.opening import read_public

    if content_only and (spec is not None or any(named.values())):
        raise UsageError("--content-only asks for no signature, and keys were named",
                         help="leave out one or the other")  # fmt: skip
    if content_only:
        return Trust(signatures=False, release=release)
    trusted = {role: [read_public(path) for path in paths] for role, paths in named.items()}
    if spec is not None:
        for role, keys in trusted.items():
            keys.extend(_stack_keys(spec, role))
    lacking = [role for role, keys in trusted.items() if not keys]
    if lacking:
        raise UsageError(
            f"nobody is trusted to sign as `{lacking[0]}`",
            help=f"name keys with --keys or --{lacking[0]}-key, or --spec for a stack's own; "
            "--content-only checks files alone",
        )
    return Trust(models=tuple(trusted["model"]), attestations=tuple(trusted["attestation"]),
                 threshold=threshold, release=release)  # fmt: skip


def _stack_keys(spec: Path, role: str) -> list[Key]:
    """The public keys of a role of a stack's development keys; none are made for it."""
    from hybridspec.bundle.keys import DevelopmentKeys
    from hybridspec.deliver.stack import Stack
    from hybridspec.load.file import locate

    try:
        return list(DevelopmentKeys(Stack(spec=locate(spec)).keys()).role(role).public)
    except (KeyError, ValueError):
        return []


def _stop(bundle: Path, refused: BundleRefused, format: Format) -> typer.Exit:
    from hybridspec.bundle.judge import Fault

    only = Fault(reason=refused.reason, path="", message=refused.message)
    return _refuse(bundle, (only,), format)


def _refuse(bundle: Path, faults: Sequence[Fault], format: Format) -> typer.Exit:
    """Say what is wrong, all of it; returns how the run ends."""
    from dataclasses import asdict

    from hybridspec.base.diagnostic import About, Diagnostic
    from hybridspec.base.source import printable

    found = [
        Diagnostic(
            code="HS0701", message=f"{bundle.name}: {printable(one.message)} [{one.reason}]",
            span=None, help="fetch it again, or build and publish anew; do not install it",
            about=About(rule=f"bundle:{one.reason}"),
        )
        for one in faults
    ]  # fmt: skip
    if format is Format.JSON:
        document: dict[str, Any] = {
            "schemaVersion": "hybridspec.dev/bundle-verify/v1", "bundle": str(bundle),
            "verified": False, "code": "HS0701", "faults": [asdict(one) for one in faults],
        }  # fmt: skip
        output.document(document)
    else:
        output.findings(found, "human")
    return typer.Exit(output.exit_code(found))
