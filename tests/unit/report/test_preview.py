"""A preview as people read it: what is at stake first, every change with its line, bounded."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from hybridspec.report.preview import human, markdown


def change(op: str = "update", **more: Any) -> dict[str, Any]:
    """One entry of a preview."""
    plain = {"op": op, "cloud": "aws", "type": "aws:s3/bucket:Bucket", "name": "store",
             "urn": "urn", "origin": "hybridspec.yaml:7", "stake": False, "protected": False,
             "properties": []}  # fmt: skip
    return {**plain, **more}


def preview(*found: dict[str, Any]) -> dict[str, Any]:
    """A preview of some changes."""
    ops = ("create", "update", "replace", "delete", "same")
    return {"name": "plants", "stack": "local", "layer": "a layer", "against": "a commit",
            "summary": {op: sum(c["op"] == op for c in found) for op in ops},
            "changes": list(found)}  # fmt: skip


def shown(document: dict[str, Any]) -> str:
    """What is printed for people."""
    out = io.StringIO()
    human(Console(file=out, width=80, color_system=None), document)
    return out.getvalue()


def test_it_says_which_layer_ran_and_what_it_is_compared_with() -> None:
    for text in (shown(preview()), markdown(preview())):
        assert "a layer" in text
        assert "against a commit" in text
        assert "no resources" in text


def test_what_is_at_stake_comes_first() -> None:
    found = preview(
        change("create", name="first"),
        change("delete", name="kept", stake=True, protected=True),
        change("replace", name="anew", stake=True),
        change("update", name="freed", stake=True),
    )
    for text in (shown(found), markdown(found).replace("\\", "")):
        head, _, rest = text.partition("first")
        assert "Data or keys are at stake" in head
        assert "`kept` of aws is deleted; it is protected, so the engine refuses" in head
        assert "`anew` of aws is replaced, and what it holds is lost" in head
        assert "`freed` of aws loses its protection" in head
        assert "kept" in rest


def test_a_property_is_named_with_what_it_was_and_will_be() -> None:
    properties = [
        {"path": "days", "before": 27, "after": 22, "replaces": False},
        {"path": "name", "before": "a", "after": "b", "replaces": True},
        {"path": "tags.x", "before": None, "after": {"k": "v" * 500}, "replaces": False},
        {"path": "tags.y", "before": "z", "after": None, "replaces": False},
    ]
    text = shown(preview(change("replace", properties=properties), change("same", name="quiet")))
    assert "days: 27 -> 22\n" in text
    assert 'name: "a" -> "b" (made anew)' in text
    assert "tags.x: added" in text
    assert "v" * 100 not in text
    assert 'tags.y: removed, was "z"' in text
    assert "hybridspec.yaml:7" in text
    assert "quiet" not in text
    assert "1 replace, 1 same" in text
    assert "only the engine" in text


def test_names_are_no_markup_and_move_no_cursor() -> None:
    hostile = "[red]x[/red]\x1b[2J<!-- --> | `a` *b*"
    ends = {"path": "p", "before": hostile, "after": "</details>\n# x", "replaces": False}
    found = preview(change(name=hostile, properties=[ends]))
    text = shown(found)
    assert "[red]x[/red]" in text
    assert "\x1b" not in text
    comment = markdown(found)
    assert "\x1b" not in comment
    assert "\n# x" not in comment
    for mark in ("</details>", "<!--"):  # a backslash makes a letter of it
        assert comment.count(mark) - comment.count(f"\\{mark}") == 1


def test_a_comment_stays_below_what_a_forge_takes() -> None:
    many = preview(*(change("create", name=f"n{i}" * 50) for i in range(2000)))
    comment = markdown(many)
    assert len(comment) < 65_536
    assert "more resources change" in comment
    assert comment.rstrip().endswith("</details>")
    assert "2000 create" in comment
