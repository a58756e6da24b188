"""One key under two names, in files that differ: it signs for one role, and counts once."""

from __future__ import annotations

import pytest
from conformance.company import ROOTS, Company, running, template

from hybridspec.base.errors import UsageError

__all__ = ["running", "template"]


@pytest.mark.parametrize(("copied", "over"), [(ROOTS[0], "timestamp"), (ROOTS[0], ROOTS[1])])
def test_a_key_is_known_whatever_is_written_around_it(
    running: Company, copied: str, over: str
) -> None:
    keys = running.spec.parent / "keys"
    text = (keys / f"{copied}.pem").read_text()
    (keys / f"{over}.pem").write_text(f"{over}\n{text}\n")
    with pytest.raises(UsageError, match="is the same key as"):
        _ = running.stated.ring
