"""The page of policies: its policies resolve and act; its fields and its Rego name what exists."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
import yaml
from conftest import ROOT
from unit.law.test_policy import FRANCE, LABEL
from unit.resolve.lowering import lowered, spec

from docs import fences
from hybridspec.ir.governance import Policy
from hybridspec.ir.verdict import Verdict
from hybridspec.law.condition import FIELDS
from hybridspec.law.policy import policies
from hybridspec.schemas import schema

PAGE = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")
HEALTH = replace(LABEL, categories=frozenset({"user.health_and_medical.genetic"}), volume=20_000)
PEOPLE = replace(HEALTH, categories=frozenset({"user.behavior"}))
FACE = replace(LABEL, categories=frozenset({"user.biometric"}))
TAME = replace(HEALTH, categories=frozenset({"system.operations"}), sensitivity=0, volume=10)


def written() -> dict[str, Policy]:
    """Every policy of the page, resolved."""
    found: dict[str, Any] = {}
    for fence in fences.fences(PAGE):
        if fence.language == "yaml":
            found |= yaml.safe_load(fence.text).get("policies", {})
    graph, findings = lowered(spec(policies=found))
    assert findings == []
    return {policy.name: policy for policy in graph.policies}


@pytest.mark.parametrize(
    ("name", "label", "facet", "verdict"),
    [("scans-stay-european", HEALTH, "store", Verdict.VIOLATED),
     ("scans-stay-european", TAME, "store", None),
     ("faces-need-hardware-keys", FACE, "store", Verdict.VIOLATED),
     ("faces-need-hardware-keys", HEALTH, "store", None),
     ("works-council", PEOPLE, "logs", Verdict.SATISFIED),
     ("works-council", PEOPLE, "store", None),
     ("no-foreign-partitions", TAME, "store", Verdict.SATISFIED),
     ("large-sets-at-home", HEALTH, "backup", Verdict.VIOLATED),
     ("large-sets-at-home", replace(HEALTH, volume=None), "backup", Verdict.GAP),
     ("large-sets-at-home", TAME, "backup", Verdict.SATISFIED),
     ("sensitive-in-the-clear", HEALTH, "store", Verdict.CONDITIONAL),
     ("sensitive-in-the-clear", TAME, "store", Verdict.SATISFIED)],
)  # fmt: skip
def test_each_policy_does_what_the_page_says(
    name: str, label: Any, facet: str, verdict: Verdict | None
) -> None:
    graph = replace(lowered(spec())[0], policies=(written()[name],))
    said = [one.reason.verdict for one in policies(graph, label, facet, FRANCE)]
    assert said == ([] if verdict is None else [verdict])


def test_the_page_has_six_policies_or_more_and_every_field() -> None:
    assert len(written()) >= 6
    rows = re.findall(r"(?m)^\| `(\w+)` \| (\S+) \| (.+) \|$", PAGE)
    assert rows == [(name, kind, meaning) for name, (kind, meaning) in FIELDS.items()]


def test_the_sample_in_rego_names_what_the_schema_has() -> None:
    text = (ROOT / "docs" / "placement.rego").read_text(encoding="utf-8")
    shape = schema("placement")
    assert set(re.findall(r"\binput\.(\w+)", text)) <= shape["properties"].keys()
    for kind in ("claim", "obligation", "waiver", "label"):
        named = set(re.findall(rf"\b{kind}\.(\w+)", text))
        assert named
        assert named <= shape["definitions"][kind.title()]["properties"].keys()
