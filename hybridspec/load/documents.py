"""Documents that a spec names, as proof or as public keys: files read for their SHA-256 alone."""

from __future__ import annotations

import re
from pathlib import Path

from hybridspec.ir.document_file import DocumentFile
from hybridspec.load.file import digest, inside, read_bounded
from hybridspec.spec.document import Spec
from hybridspec.spec.proof import proofs

MAX_DOCUMENT = 64 * 2**20
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.")


def load_documents(spec: Spec, folder: Path) -> dict[str, DocumentFile]:
    """Every proof and every public key, by the name written; addresses are not opened."""
    keys = {one.public for stack in spec.stacks.values() if stack.keys is not None
            for one in stack.keys.keys.values()}  # fmt: skip
    names = sorted(keys | {name for name, _ in proofs(spec) if not _ADDRESS.match(name)})
    return {name: _document(folder, name) for name in names}


def _document(folder: Path, name: str) -> DocumentFile:
    path = inside(folder, name)
    if isinstance(path, str):
        return DocumentFile(path=folder, fault=path)
    data = read_bounded(path, MAX_DOCUMENT)
    if isinstance(data, str):
        return DocumentFile(path=path, fault=data)
    return DocumentFile(path=path, digest=digest(data), fault="" if data else "the file is empty")
