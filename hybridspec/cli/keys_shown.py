"""`keys list` and `keys export-public`: who signs what, until when, and what a device needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from securesystemslib.signer import Key
from tuf.api.metadata import Metadata

from hybridspec.base.errors import HybridspecError, UsageError
from hybridspec.bundle.keys import CONTENT, ROOTS, complete
from hybridspec.bundle.repository import DEVELOPMENT
from hybridspec.cli.keys_making import write_public
from hybridspec.cli.keys_stated import Stated
from hybridspec.cli.output_tree import default_folder
from hybridspec.deliver.durable import write_durably
from hybridspec.deliver.publish import read_metadata
from hybridspec.deliver.signers.opening import read_public


def channel_of(found: Stated, out: Path | None) -> Path:
    """Where the channel of a stack is: where it was built last, unless told otherwise."""
    folder = out or found.stack.output() or default_folder(found.stack.spec, found.name)
    return folder / "channel"


def listed(found: Stated, channel: Path) -> dict[str, Any]:
    """Every role with its keys, and until when what they signed is valid."""
    published = {name: Metadata.from_bytes(data) for name, data in read_metadata(channel).items()}
    roles = _stated(found) if found.roles else _development(found)
    for role in roles:
        signed = published.get(role["role"])
        role["version"] = signed.signed.version if signed is not None else None
        role["expires"] = signed.signed.expires.isoformat() + "Z" if signed is not None else None
        for key in role["keys"]:
            key["signed"] = signed is not None and key["keyid"] in signed.signatures
    return {"schemaVersion": "hybridspec.dev/keys/v1", "stack": found.stack.name,
            "development": not found.roles, "channel": str(channel), "roles": roles}  # fmt: skip


def _stated(found: Stated) -> list[dict[str, Any]]:
    return [
        {"role": role.name, "threshold": role.threshold, "keys": [
            {"name": key.name, "uri": key.uri, "kind": key.uri.partition(":")[0],
             "holder": key.holder, "custody": key.custody, **_half(found.folder / key.public)}
            for key in role.keys
        ]}
        for role in found.roles
    ]  # fmt: skip


def _half(path: Path) -> dict[str, Any]:
    try:
        key: Key = read_public(path)
    except HybridspecError as fault:
        return {"keyid": "", "scheme": "", "public": str(path), "fault": fault.message}
    return {"keyid": key.keyid, "scheme": key.scheme, "public": str(path), "fault": ""}


def _development(found: Stated) -> list[dict[str, Any]]:
    pems = found.stack.keys()
    keys = complete(pems, [])
    names = ["root", *(name for name in pems if name not in ROOTS)]
    return [
        {"role": name, "threshold": held.threshold, "keys": [
            {"name": each, "uri": "", "kind": "development", "holder": "this machine",
             "custody": str(found.stack.folder / "keys" / f"{each}.pem"), "keyid": key.keyid,
             "scheme": key.scheme, "public": "", "fault": ""}
            for each, key in zip(ROOTS if name == "root" else (name,), held.public, strict=True)
        ]}
        for name in names if pems
        for held in [keys.role(name)]
    ]  # fmt: skip


def table(document: dict[str, Any]) -> str:
    """The list for people."""
    lines = []
    if document["development"]:
        lines.append("development keys: metadata says so, and production devices refuse it")
    for role in document["roles"]:
        until = f", version {role['version']}, valid until {role['expires'][:16]}Z" if (
            role["expires"]) else ", in no published metadata"  # fmt: skip
        if role["role"] in CONTENT:
            until = ", in every bundle"
        lines.append(f"{role['role']}: {role['threshold']} of {len(role['keys'])} sign{until}")
        for key in role["keys"]:
            where = key["uri"] or key["custody"]
            hint = f"; {key['custody']}" if key["uri"] and key["custody"] else ""
            state = key["fault"] or f"{key['keyid'][:8]} {key['scheme']}"
            mark = ", has signed" if key["signed"] else ""
            lines.append(f"  {key['name']} ({key['holder']}): {state}, {where}{hint}{mark}")
    return "\n".join(lines)


def export(found: Stated, channel: Path, to: Path, *, development: bool) -> tuple[Path, ...]:
    """What goes into a device image: the newest root, and public keys of what lies in bundles.

    Raises:
        UsageError: nothing was published yet, or with development keys.
    """
    data = read_metadata(channel).get("root")
    if data is None:
        raise UsageError(
            f"no root was published to {channel}",
            help="publish first; a device is set up with the root that counts then",
        )
    root = Metadata.from_bytes(data)
    root.verify_delegate("root", root)
    if root.signed.unrecognized_fields.get(DEVELOPMENT) and not development:
        raise UsageError(
            "the root is signed by development keys, which no production device may trust",
            help="state keys for the stack, or write `--allow-development` for a test device",
        )
    write_durably(to / "root.json", data)
    made = [to / "root.json"]
    held: list[tuple[str, str, Key]] = []
    if found.roles:
        held = [(r.name, k.name, found.ring.public(k, r.name)) for r in found.roles
                if r.name in CONTENT for k in r.keys]  # fmt: skip
    else:
        keys = complete(found.stack.keys(), [])
        held = [(name, name, key) for name in CONTENT for key in keys.role(name).public]
    for role, name, key in held:
        made.append(to / role / f"{name}.pem")
        write_public(made[-1], key)
    listing = {"root": root.signed.version, "keys": {
        f"{role}/{name}.pem": {"role": role, "keyid": key.keyid, "scheme": key.scheme}
        for role, name, key in held}}  # fmt: skip
    write_durably(to / "keys.json", (json.dumps(listing, indent=1) + "\n").encode())
    return (*made, to / "keys.json")
