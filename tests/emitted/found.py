"""Looking things up in what an emitted program would create."""

from __future__ import annotations

import json
from typing import Any

from hybridspec.deliver.evaluate import Evaluation, Resource


def of(found: Evaluation, kind: str) -> list[Resource]:
    """All resources of a type."""
    return [r for r in found.resources if r.type == kind]


def one(found: Evaluation, kind: str, name: str = "") -> Resource:
    """The only resource of a type, or the only one whose name begins so."""
    (resource,) = (r for r in of(found, kind) if r.name.startswith(name))
    return resource


def arn(found: Evaluation, kind: str, name: str = "") -> str:
    """The name by which others point at the only resource of a type, as in `one`."""
    return one(found, kind, name).outputs["arn"]


def statements(policy: str) -> list[dict[str, Any]]:
    """The statements of an IAM policy document."""
    return list(json.loads(policy)["Statement"])


def listed(value: str | list[str]) -> list[str]:
    """A value, or the values of a list, of a policy document."""
    return [value] if isinstance(value, str) else value


def rights(found: Evaluation, role: str) -> list[tuple[list[str], list[str]]]:
    """What a role may do to what: the one that ends with a name, by its own policy alone."""
    (made,) = (r for r in of(found, "aws:iam/role:Role") if r.name.endswith(role))
    (policy,) = (r for r in of(found, "aws:iam/rolePolicy:RolePolicy")
                 if r.inputs["role"] == f"{made.name}-id")  # fmt: skip
    said = statements(policy.inputs["policy"])
    said = [one for one in said if one["Effect"] != "Deny"]
    assert {one["Effect"] for one in said} == {"Allow"}
    return [(listed(one["Action"]), listed(one["Resource"])) for one in said]
