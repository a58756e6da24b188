"""What differs between two states: operations, the smallest parts, what is at stake, secrets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hybridspec.base.errors import UsageError
from hybridspec.deliver.difference import changes, summary
from hybridspec.deliver.snapshot import read, whole, write

BUCKET: dict[str, Any] = {
    "type": "aws:s3/bucket:Bucket", "name": "store", "region": "eu-west-1", "protect": True,
    "keeps": True, "origin": "hybridspec.yaml:7", "replaces": ["bucket"],
    "inputs": {"bucket": "plants", "tags": {"zone": "eu"}},
}  # fmt: skip


def one(before: dict[str, Any] | None, after: dict[str, Any] | None) -> dict[str, Any]:
    """What becomes of the only resource."""
    (found,) = changes(*({"aws": {"urn": r} if r else {}} for r in (before, after)))
    return found


def changed(**inputs: Any) -> dict[str, Any]:
    """The bucket with other inputs."""
    return {**BUCKET, "inputs": {**BUCKET["inputs"], **inputs}}


def parts(before: Any, after: Any) -> list[tuple[str, Any, Any]]:
    """What differs between two values of an input."""
    found = one(changed(x=before), changed(x=after))["properties"]
    return [(p["path"], p["before"], p["after"]) for p in found]


def test_a_resource_is_created_updated_replaced_deleted_or_the_same() -> None:
    assert one(None, BUCKET)["op"] == "create"
    assert one(BUCKET, None)["op"] == "delete"
    assert one(BUCKET, BUCKET)["op"] == "same"
    assert one(BUCKET, changed(tags={}))["op"] == "update"
    assert one(BUCKET, changed(bucket="others"))["op"] == "replace"
    assert summary(changes({"aws": {"a": BUCKET}}, {"aws": {"b": BUCKET}, "gcp": {"c": BUCKET}})) \
        == {"create": 2, "update": 0, "replace": 0, "delete": 1, "same": 0}  # fmt: skip


def test_a_store_that_goes_is_at_stake() -> None:
    assert one(BUCKET, None)["stake"]
    assert one(BUCKET, changed(bucket="others"))["stake"]
    assert one(BUCKET, {**BUCKET, "protect": False})["stake"]
    assert not one(BUCKET, changed(tags={}))["stake"]
    assert not one(None, BUCKET)["stake"]
    plain = {**BUCKET, "keeps": False}
    assert not one(plain, None)["stake"]


def test_another_region_makes_everything_anew() -> None:
    found = one(BUCKET, {**BUCKET, "region": "us-east-1"})
    assert (found["op"], found["stake"]) == ("replace", True)
    assert found["properties"] == [{"path": "region of the provider", "before": "eu-west-1",
                                    "after": "us-east-1", "replaces": True}]  # fmt: skip


def test_the_line_of_the_spec_is_the_new_one_and_of_what_goes_the_old_one() -> None:
    moved = {**BUCKET, "origin": "hybridspec.yaml:9"}
    assert one(BUCKET, moved)["op"] == "same"
    assert one(BUCKET, moved)["origin"] == "hybridspec.yaml:9"
    assert one(BUCKET, None)["origin"] == "hybridspec.yaml:7"


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, [("x.a.c", 2, 3)]),
        ({"a": 1}, {"b": 1}, [("x.a", 1, None), ("x.b", None, 1)]),
        ([1, 2], [1, 3, 4], [("x[1]", 2, 3), ("x[2]", None, 4)]),
        ([{"id": "a", "v": 1}, {"id": "b", "v": 1}], [{"id": "b", "v": 2}],
         [("x[a]", {"id": "a", "v": 1}, None), ("x[b].v", 1, 2)]),
        ([{"id": "a"}, {"id": "a"}], [{"id": "a"}], [("x[1]", {"id": "a"}, None)]),
        ('{"Statement": [{"Sid": "A", "Effect": "Deny"}]}',
         '{"Statement":[{"Effect":"Allow","Sid":"A"}]}',
         [("x.Statement[A].Effect", "Deny", "Allow")]),
        ('{"a": 1}', '{ "a":1 }', []),
        ("{", "[", [("x", "{", "[")]),
        (None, [], [("x", None, [])]),
        ("[" * 100_000, "x", [("x", "[" * 100_000, "x")]),
    ],
)  # fmt: skip
def test_the_smallest_part_is_named(before: Any, after: Any, found: list[Any]) -> None:
    assert parts(before, after) == found


def test_what_is_called_a_secret_is_masked_and_still_seen_to_change() -> None:
    for name in ("masterPassword", "clientSecret", "connection_string", "private-key"):
        (found,) = one(changed(**{name: "one"}), changed(**{name: "two"}))["properties"]
        assert (found["before"], found["after"]) == ("[secret]", "[secret]")
    (found,) = one(changed(login={}), changed(login={"password": "p", "user": "u"}))["properties"][
        :1
    ]
    assert "p" not in json.dumps(found["after"]).replace("password", "")
    ((_, _, shown),) = parts(None, {"inner": [{"adminPassword": "hush"}]})
    assert shown == {"inner": [{"adminPassword": "[secret]"}]}
    ((_, _, named),) = parts(None, {"secretName": "where"})
    assert named == {"secretName": "where"}


def test_what_is_recorded_is_read_again_and_nothing_else_is(tmp_path: Path) -> None:
    path = tmp_path / "resources.json"
    write(path, "plants", {"aws": {"urn": BUCKET}})
    first = path.read_bytes()
    assert read(path) == {"aws": {"urn": BUCKET}}
    write(path, "plants", read(path))
    assert path.read_bytes() == first
    whole_text = path.read_text()
    spoilt = (whole_text.replace("true", '"yes"', 1), whole_text.replace("/v1", "/v9"))
    for text in ("", "[]", "{}", '{"schema": "x", "resources": {}}', "[" * 100_000, *spoilt):
        path.write_text(text)
        with pytest.raises(UsageError, match="holds no resources"):
            read(path)
    with pytest.raises(UsageError):
        read(tmp_path / "nowhere.json")


def test_of_a_state_of_another_shape_nothing_is_known() -> None:
    assert whole(None) == {}
    assert whole({"aws": 1, "gcp": {"urn": "a digest"}}) == {"gcp": {}}
