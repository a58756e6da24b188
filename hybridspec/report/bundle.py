"""What a bundle holds, and in what two differ, as text for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hybridspec.base.source import printable
from hybridspec.base.units import format_bytes


def inspected(found: dict[str, Any]) -> str:
    """A bundle on one screen: what it is for, models, runtime, signatures, files."""
    archive = found["archive"]
    lines = [
        f"release    {found['release']} of {found['spec']}, for {found['deviceClass']} "
        f"({found['architecture']})",
        f"archive    {format_bytes(archive['archive_size'])}, sha256 {archive['archive_sha256']}",
        f"tar        {format_bytes(archive['tar_size'])}, sha256 {archive['tar_sha256']}",
        f"zones      {', '.join(found['zones']) or 'none'}",
        f"flows      {', '.join(found['flows']) or 'none'}",
        *(f"model      {one['name']} as {one['variant']}, {one['licence'] or 'no licence stated'}, "
          f"sha256 {one['sha256']}" for one in found["models"]),
        f"runtime    {_runtime(found['runtime'])}",
        *(f"{name:10} {_signed(keys)}" for name, keys in _shown(found["signatures"])),
        *(f"{one['kind']:16}{format_bytes(one['size']):>10}  {one['path']}"
          for one in found["members"]),
    ]  # fmt: skip
    return "".join(f"{printable(line)}\n" for line in lines)


def _runtime(runtime: dict[str, Any]) -> str:
    inside = runtime["wheelsInside"]
    carried = f"{inside} wheels inside" if inside else "locked by hash, none inside"
    return f"{len(runtime['packages'])} packages, {carried}"


def _shown(signatures: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    names = {"model-signature": "models", "provenance": "provenance", "accuracy": "accuracy"}
    return ((names[kind], signatures[kind]) for kind in names)


def _signed(keys: list[str] | None) -> str:
    if keys is None:
        return "no envelope that can be read"
    if not keys:
        return "not signed"
    return f"signed by {', '.join(key[:16] for key in keys)} (not judged here: `bundle verify`)"


def compared(found: dict[str, Any]) -> str:
    """What differs, one line each."""
    if found["same"]:
        return f"no difference: release {found['releases'][0]}\n"
    lines = [f"release {found['releases'][0]} -> {found['releases'][1]}"]
    if found["sameContent"]:
        lines.append("the same content, signed otherwise")
    lines += [f"~ {one['field']}: {_short(one['before'])} -> {_short(one['after'])}"
              for one in found["manifest"]]  # fmt: skip
    lines += [f"- {one['path']} ({format_bytes(one['size'])})" for one in found["removed"]]
    lines += [f"+ {one['path']} ({format_bytes(one['size'])})" for one in found["added"]]
    for one in found["changed"]:
        before, after = map(format_bytes, one["sizes"])
        lines.append(f"~ {one['path']} ({before} -> {after})")
    return "".join(f"{printable(line)}\n" for line in lines)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
