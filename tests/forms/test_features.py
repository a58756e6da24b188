"""Who does what on each platform: declared once, told where it is asked for, and in the docs."""

from __future__ import annotations

import re

import pytest
from conftest import ROOT
from forms.slices import cohort, emitted, made_up

from hybridspec.ir.release_slice import ReleaseSlice
from hybridspec.target.api import ROLLOUT
from hybridspec.target.registry import forms, targets

FORMS = ("device-update", "hawkbit", "iot-jobs", "oci", "suit")
PLAIN = {
    "cohorts": (cohort("fleet", 100, "0"),), "windows": (), "deltas": (), "revert_on": (),
    "models": (),
}  # fmt: skip


def plain() -> ReleaseSlice:
    """A release that asks for as little as a spec can."""
    return made_up(**PLAIN)


def told(form: str, part: ReleaseSlice) -> list[str]:
    """What is left to others, by whom."""
    return [u.instead.partition(":")[0] for u in emitted(form, part)[1] if "cannot say" in u.what]


def test_forms_are_no_targets_of_a_spec() -> None:
    assert tuple(forms()) == FORMS
    assert not set(forms()) & set(targets())
    assert all(target.kind == "form" for target in forms().values())


@pytest.mark.parametrize("form", FORMS)
def test_every_feature_is_declared_once(form: str) -> None:
    declared = [feature.name for feature in forms()[form].features]
    assert sorted(declared) == sorted(ROLLOUT)


@pytest.mark.parametrize("form", FORMS)
def test_what_is_not_native_is_told_and_nothing_else(form: str) -> None:
    others = [f.by for f in forms()[form].features if f.by != "native"]
    assert sorted(told(form, made_up())) == sorted(others)
    failures = [f.by for f in forms()[form].features if f.name == "failures" and f.by != "native"]
    assert told(form, plain()) == failures


@pytest.mark.parametrize("form", FORMS)
def test_a_rollout_that_the_channel_bounds_is_told(form: str) -> None:
    said = [u.what for u in emitted(form, made_up(offered=20))[1] if "the channel offers" in u.what]
    assert len(said) == 1
    assert "to 20 % of the fleet" in said[0]
    assert not [u for u in emitted(form, made_up())[1] if "the channel offers" in u.what]


@pytest.mark.parametrize("form", FORMS)
def test_the_document_has_the_declared_table(form: str) -> None:
    text = (ROOT / "docs/forms.md").read_text()
    rows = dict(re.findall(r"^\| (\w+) \| (.+) \|$", text, re.MULTILINE))
    top = re.findall(r"^\| asked for \| (.+) \|$", text, re.MULTILINE)[0]
    head = [cell.strip(" `") for cell in top.split("|")]
    for feature in forms()[form].features:
        cells = [cell.strip() for cell in rows[feature.name].split("|")]
        assert cells[head.index(form)] == feature.by, feature.name
