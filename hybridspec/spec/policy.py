"""The user's own rules: restrictions beyond the zones', and waivers of findings."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from hybridspec.spec.quantity import Day, Name, Section, key

Facet: TypeAlias = Literal[
    "process", "store", "ciphertext", "transit", "keys", "key_admin", "backup", "logs", "support",
    "control_plane", "operator", "model",
]  # fmt: skip

RULE_PATTERN = "^(HS[0-9]{4}|[a-z][a-z0-9-]*:[A-Za-z0-9][A-Za-z0-9._()-]*)$"
"""A diagnostic code, or the stable id of a rule, such as `unknown:KE` or `policy:no-us`."""


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
    """A finding that somebody answers for; it stays visible in the report."""

    rule: Annotated[
        str,
        key("Code of the finding, or the id of the rule that was asked.", example="HS0307",
            pattern=RULE_PATTERN, max_length=100),
    ]  # fmt: skip
    at: Annotated[
        str,
        key("Path of the thing in the spec that the finding is about.",
            example="devices.line-server", min_length=1, max_length=400),
    ]  # fmt: skip
    type: Annotated[
        Literal["risk-accepted", "mitigated-elsewhere", "false-positive", "temporary"],
        key("What kind of answer it is. `temporary` ends within 184 days of `as_of`; "
            "`mitigated-elsewhere` needs the `ticket` that says where.", example="temporary",
            absent="`risk-accepted`"),
    ] = "risk-accepted"  # fmt: skip
    facet: Annotated[
        Facet | None,
        key("The facet that the finding names.", example="support",
            absent="the finding names none"),
    ] = None  # fmt: skip
    countries: Annotated[
        list[str],
        key("Countries or blocs that the finding names; all of them, and no others.",
            example=["US"], max_length=250, absent="the finding names none"),
    ] = []  # fmt: skip
    owner: Annotated[
        str,
        key("Who carries the risk and watches it; an error needs one beside the approver.",
            example="it-security@acme.example", min_length=1, max_length=200,
            absent="the approver, which does for a warning"),
    ] = ""  # fmt: skip
    approver: Annotated[
        str,
        key("Who decided that it is acceptable.", example="plant-lead@acme.example", min_length=1,
            max_length=200),
    ]  # fmt: skip
    reason: Annotated[
        str,
        key("Why it is acceptable.", example="arrives in spring", min_length=1, max_length=400),
    ]  # fmt: skip
    ticket: Annotated[
        str,
        key("Where the decision is on record; an error needs one.", example="RISK-118",
            min_length=1, max_length=400, absent="none, which does for a warning"),
    ] = ""  # fmt: skip
    expires: Annotated[Day, key("Last day on which it holds.", example="2027-01-31")]
