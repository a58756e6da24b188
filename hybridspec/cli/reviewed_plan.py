"""The plan that somebody looked at: its digest, as it was printed or as the plan's file says it."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from hybridspec.base.errors import UsageError
from hybridspec.place.document import canonical

_SHORTEST = 12


def reviewed_digest(word: str) -> str:
    """What `--plan` means: a digest, or at least twelve digits of it, or the file `plan.json`.

    Raises:
        UsageError: it is neither, or the file is not as it was made.
    """
    if re.fullmatch(rf"[0-9a-f]{{{_SHORTEST},64}}", word):
        return word
    path = Path(word)
    if re.fullmatch(r"[0-9a-fA-F]*", word) and not path.exists():
        raise UsageError(
            f"`--plan {word}` is no digest: one has {_SHORTEST} to 64 digits from 0-9 and a-f",
            help="copy what `hybridspec plan` printed, or name the file `plan.json`",
        )
    try:
        document = json.loads(path.read_bytes())
        digest = str(document.pop("digest"))
    except OSError as fault:
        raise UsageError(
            f"the plan {word} cannot be read: {fault.strerror}",
            help="name the `plan.json` of a build, or give its digest",
        ) from fault
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        raise UsageError(
            f"{word} is no plan", help="name the `plan.json` of a build, or give its digest"
        ) from fault
    if hashlib.sha256(canonical(document)).hexdigest() != digest:
        raise UsageError(
            f"{word} was changed after it was made: its digest is not that of its content",
            help="take the file as `hybridspec build` wrote it, and look at that one",
        )
    return digest
