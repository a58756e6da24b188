"""The user's own rules: restrictions beyond the zones', and waivers of warnings."""

from __future__ import annotations

from typing import Annotated

from hybridspec.spec.quantity import Day, Name, Section, key


class AppliesTo(Section):
    """What a policy binds: everything that matches all keys that are given."""

    categories: Annotated[
        list[str],
        key("Taxonomy paths; a parent matches its children.",
            example=["user.health_and_medical"], max_length=64, absent="every category"),
    ] = []  # fmt: skip
    zones: Annotated[
        list[Name],
        key("Zones.", example=["eu-plants"], max_length=200, absent="every zone"),
    ] = []


class Forbid(Section):
    """What must not be used."""

    countries: Annotated[
        list[str],
        key("Countries or blocs.", example=["US"], max_length=250, absent="none"),
    ] = []
    regions: Annotated[
        list[str],
        key("Cloud regions, as `cloud/region`.", example=["aws/eu-west-2"], max_length=200,
            absent="none"),
    ] = []  # fmt: skip
    boards: Annotated[
        list[str],
        key("Boards of the catalogue.", example=["raspberry-pi-5"], max_length=200,
            absent="none"),
    ] = []  # fmt: skip


class Policy(Section):
    """A rule of the user's own; it may only add restrictions."""

    applies_to: Annotated[
        AppliesTo | None,
        key("What the policy binds.", example={"zones": ["eu-plants"]}, absent="everything"),
    ] = None
    forbid: Annotated[Forbid, key("What must not be used.", example={"countries": ["US"]})]
    reason: Annotated[
        str,
        key("Why; shown wherever the policy decides.", example="contract with the works council",
            min_length=1, max_length=400),
    ]  # fmt: skip


class Waiver(Section):
    """A warning that somebody answers for; it stays visible in the report."""

    rule: Annotated[str, key("Code of the warning.", example="HS0307", pattern="^HS[0-9]{4}$")]
    at: Annotated[
        str,
        key("Path of the thing in the spec that the warning is about.",
            example="devices.line-server", min_length=1, max_length=400),
    ]  # fmt: skip
    reason: Annotated[
        str,
        key("Why it is acceptable.", example="arrives in spring", min_length=1, max_length=400),
    ]  # fmt: skip
    approver: Annotated[
        str,
        key("Who answers for it.", example="plant-lead@acme.example", min_length=1,
            max_length=200),
    ]  # fmt: skip
    expires: Annotated[Day, key("Last day on which it holds.", example="2027-01-31")]
