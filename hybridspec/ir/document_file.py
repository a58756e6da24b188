"""What load found behind a document that a spec names as proof."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFile:
    """A file with its SHA-256, or one clause that says what is wrong with it."""

    path: Path
    digest: str = ""
    fault: str = ""
