"""Licences of what is in a bundle or runs beside it: one list, and the texts that wheels carry."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hybridspec.base.errors import UsageError
from hybridspec.bundle.manifest import canonical_json
from hybridspec.bundle.members import LICENCES
from hybridspec.ir.artefact import Artefact
from hybridspec.ir.tree import FileTree

_MOST = 1 << 20
"""Bytes that the text of a licence may have."""
_NAMES = ("LICENSE", "LICENCE", "COPYING", "NOTICE", "AUTHORS")


def licences(
    artefacts: Sequence[Artefact], wheels: Mapping[str, Any], inside: Mapping[str, Path]
) -> FileTree:
    """The list; and for each wheel that is inside, by its file name, the texts out of it."""
    texts: dict[str, bytes | Path] = {}
    for file, path in sorted(inside.items()):
        package = "-".join(file.split("-")[:2])
        texts |= {f"licences/{package}/{name}": data for name, data in _texts(path)}
    listed = [
        *({"name": a.model.name, "kind": "model", "licence": a.model.licence, "inside": True}
          for a in artefacts),
        *({"name": p["name"], "kind": "package", "version": p["version"], "licence": p["licence"],
           "inside": any(wheel["file"] in inside for wheel in p["wheels"])}
          for p in wheels.get("packages", ())),
    ]  # fmt: skip
    document = canonical_json({
        "schema": "hybridspec.dev/licences/v1", "components": listed, "texts": sorted(texts),
    })  # fmt: skip
    return FileTree({LICENCES: document, **texts})


def _texts(wheel: Path) -> list[tuple[str, bytes]]:
    """Texts of licences that a wheel holds, by a name that no two of it share."""
    found = []
    try:
        with zipfile.ZipFile(wheel) as archive:
            for info in archive.infolist():
                folder, _, name = info.filename.rpartition("/")
                told = ".dist-info" in folder and (
                    "licenses" in folder.split("/") or name.upper().startswith(_NAMES)
                )
                if told and name and info.file_size <= _MOST:
                    inner = info.filename.partition(".dist-info/")[2].removeprefix("licenses/")
                    found.append((inner.replace("/", "-"), archive.read(info)))
    except (zipfile.BadZipFile, OSError) as fault:
        raise UsageError(f"{wheel} is not a wheel", help="fetch it again") from fault
    return found
