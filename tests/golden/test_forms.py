"""Every form of two examples' releases, byte for byte; contents stand for what would be built."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import check_golden
from forms.slices import of_example, placed

from hybridspec.emit.forms import emit_form
from hybridspec.target.registry import forms

GOLDEN = Path(__file__).parent / "forms"
CASES = (("vibration-watch", "local"), ("security-cameras", "prod"))


def readable(path: str, data: bytes) -> tuple[str, bytes]:
    """Binary manifests in hexadecimal, so that a diff shows where they differ."""
    if not path.endswith(".suit"):
        return path, data
    text = data.hex()
    return f"{path}.hex", "".join(f"{text[i : i + 64]}\n" for i in range(0, len(text), 64)).encode()


@pytest.mark.parametrize(("example", "stack"), CASES)
def test_forms_are_what_was_reviewed(
    example: str, stack: str, cache: Path, *, update: bool
) -> None:
    build = placed(example, stack, cache)
    made: dict[str, bytes] = {}
    for form, target in forms().items():
        for member in build.plan.fleet:
            part, blobs = of_example(build, member)
            tree, unsupported = emit_form(target, part, blobs)
            folder = f"{form}/{member.device_class.name}"
            said = "".join(f"{u.origin}: {u.what}\n  {u.instead}\n" for u in unsupported)
            made[f"{folder}.elsewhere.txt"] = said.encode()
            made |= {f"{folder}/{p}": d for p, d in
                     (readable(p, d) for p, d in tree if isinstance(d, bytes))}  # fmt: skip
    check_golden(GOLDEN / example, made, update=update)
