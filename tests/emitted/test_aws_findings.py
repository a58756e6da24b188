"""What is found in an emitted AWS project, and which of several zones keeps it."""

from __future__ import annotations

import json
from pathlib import Path

from emitted.found import of, one
from emitted.slices import SLICES, part, written, zone

from hybridspec.deliver.evaluate import evaluate
from hybridspec.emit.stacks import emit_cloud
from hybridspec.ir.plan import CloudSlice
from hybridspec.target.cloud import label
from hybridspec.target.registry import targets


def said(made: CloudSlice) -> list[str]:
    """What a slice is told that AWS cannot express."""
    _, refused = emit_cloud(targets()["aws"], made)
    return [one.what for one in refused]


def test_a_zone_keeps_what_is_found_about_its_own_buckets(tmp_path: Path) -> None:
    made = SLICES["names that read alike"]
    found = evaluate(written(made, tmp_path / "stack"), project=made.spec)
    rules = [r for r in of(found, "aws:cloudwatch/eventRule:EventRule")
             if r.name.endswith("-findings")]  # fmt: skip
    assert {r.owner for r in rules} == {"eu", "eu-plants", label("eu--plants")}
    for rule in rules:
        mine = {b.outputs["bucket"] for b in of(found, "aws:s3/bucket:Bucket")
                if b.owner == rule.owner}  # fmt: skip
        pattern = json.loads(rule.inputs["eventPattern"])["$or"]
        named = [one["detail"]["resource"]["s3BucketDetails"]["name"] for one in pattern
                 if "resource" in one["detail"]]  # fmt: skip
        assert {name for names in named for name in names if isinstance(name, str)} == mine
        others = [name["anything-but"]["prefix"] for names in named for name in names
                  if isinstance(name, dict) and "anything-but" in name]  # fmt: skip
        assert bool(others) == (rule.owner == "eu")
        for bucket in of(found, "aws:s3/bucket:Bucket"):
            left_out = any(bucket.outputs["bucket"].startswith(tuple(one)) for one in others)
            assert left_out or not others or bucket.owner == rule.owner


def test_images_are_searched_for_known_faults_where_the_region_can(tmp_path: Path) -> None:
    made = part(zone(offered=("inspector2",)), zone("fr-plants", offered=("inspector2",)))
    found = evaluate(written(made, tmp_path / "stack"), project="watch")
    enabled = one(found, "aws:inspector2/enabler:Enabler").inputs
    assert enabled == {"accountIds": ["000000000000"], "resourceTypes": ["ECR"]}
    assert [text for text in said(part(zone(offered=()))) if "has no Inspector" in text]
    assert not [text for text in said(made) if "has no Inspector" in text]
