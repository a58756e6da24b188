"""Which keys were replaced is remembered, and a record that is damaged is not begun anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybridspec.base.errors import ResourceFailed
from hybridspec.deliver.signers.stack_keys import retire, retired
from hybridspec.deliver.stack import Stack
from hybridspec.ir.governance import SigningKey


def key(name: str) -> SigningKey:
    return SigningKey(
        name=name, uri=f"file:{name}.key", public=f"{name}.pub", holder="", custody=""
    )


def test_replaced_keys_are_remembered_in_order(tmp_path: Path) -> None:
    stack = Stack(spec=tmp_path / "hybridspec.yaml", name="prod")
    assert retired(stack) == ()
    for name in ("one", "two"):
        retire(stack, key(name))
    assert retired(stack) == (key("one"), key("two"))


@pytest.mark.parametrize("data", [b"", b"[{", b"{}x", b'[{"name": "one"}]', b"3"])
def test_a_damaged_record_is_told_and_kept(tmp_path: Path, data: bytes) -> None:
    stack = Stack(spec=tmp_path / "hybridspec.yaml", name="prod")
    retire(stack, key("one"))
    record = stack.folder / "retired-keys.json"
    record.write_bytes(data)
    for attempt in (lambda: retired(stack), lambda: retire(stack, key("two"))):
        with pytest.raises(ResourceFailed, match="replaced keys"):
            attempt()
    assert record.read_bytes() == data
