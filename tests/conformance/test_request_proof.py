"""A request forged as a whole: it shows what is signed, and what was before is proved."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tuf.api.metadata import Metadata, Root, Targets

from hybridspec.bundle.keys import complete
from hybridspec.bundle.meaning import meaning
from hybridspec.bundle.request import Part, Request, Tampered, prove, read, written

WHEN = datetime(2027, 1, 1, tzinfo=UTC)
REAL, THIEF = complete({}, []), complete({}, [])
ANNA, BEN, CAROL = (REAL.signer(f"root-{number}") for number in (1, 2, 3))
MALLORY, MALLET = THIEF.signer("root-1"), THIEF.signer("root-2")


def root(version: int, *signers: Any) -> Metadata[Any]:
    """A root of three keys, signed by all of them."""
    made = Root(version=version, expires=WHEN, consistent_snapshot=True)
    for role in ("root", "targets", "snapshot", "timestamp"):
        for signer in signers:
            made.add_key(signer.public_key, role)
    made.roles["root"].threshold = 2
    metadata = Metadata(made)
    for signer in signers:
        metadata.sign(signer, append=True)
    return metadata


def asked(before: Metadata[Any], new: Metadata[Any], role: str = "root", **names: str) -> Request:
    """A request as it arrives."""
    request = Request(spec="plant", stack="prod", created=WHEN, names=names,
                      parts={"": Part({role: new}, {"root": before})})  # fmt: skip
    return read(written(request, []))


def test_a_state_before_that_never_was_is_refused() -> None:
    """Both roots are the thief's, so nothing seems to change; Anna's key is in them."""
    thieves = (ANNA, MALLORY, MALLET)
    known = root(4, ANNA, BEN, CAROL)
    forged = asked(root(4, *thieves), root(5, *thieves))
    assert not any("CHANGES" in line for line in meaning(forged))
    with pytest.raises(Tampered, match="was not signed so"):
        prove(forged, known)
    honest = asked(known, root(5, *thieves))
    prove(honest, known)
    assert any("CHANGES: adds" in line for line in meaning(honest))


def test_a_state_before_that_is_another_version_is_refused() -> None:
    known = root(4, ANNA, BEN, CAROL)
    with pytest.raises(Tampered):
        prove(asked(known, root(9, ANNA, BEN, CAROL)), known)


def test_names_cannot_steer_a_terminal_or_add_lines() -> None:
    keyid = ANNA.public_key.keyid
    known = root(4, ANNA, BEN, CAROL)
    said = meaning(asked(known, root(5, ANNA, BEN, CAROL), **{keyid: "an\x1b[2K\n  root: same"}))
    assert all(line.isprintable() for line in said)
    assert keyid[:16] in "".join(said)


def test_a_role_of_another_type_is_no_request() -> None:
    known = root(4, ANNA, BEN, CAROL)
    with pytest.raises(Tampered):
        asked(known, root(5, ANNA, MALLORY, MALLET), "targets")
    with pytest.raises(Tampered):
        asked(known, Metadata(Targets(expires=WHEN)), "timestamp")


def test_what_is_asked_and_what_was_before_are_told_apart_by_the_digest() -> None:
    known, targets = root(4, ANNA, BEN, CAROL), Metadata(Targets(expires=WHEN))
    one = Part({"class-a": targets, "root": known}, {"targets": targets})
    other = Part({"class-a": targets}, {"root": known, "targets": targets})
    assert one.digest() != other.digest()
