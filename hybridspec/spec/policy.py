"""The user's own rules: restrictions beyond the zones', and waivers of findings."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from hybridspec.spec.quantity import Day, Name, Section, key
from hybridspec.spec.site import Capability
from hybridspec.spec.zone import Control, Regime

Facet: TypeAlias = Literal[
    "process", "store", "ciphertext", "transit", "keys", "key_admin", "backup", "logs", "support",
    "control_plane", "operator", "model",
]  # fmt: skip

MAX_CONDITION = 1000
"""Characters of a condition: a rule that needs more is several rules."""
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
    facets: Annotated[
        list[Facet],
        key("Facets of where data is.", example=["store", "backup"], max_length=12,
            absent="every facet; forbidden countries are then not asked of `support`, "
            "`control_plane` and `operator`"),
    ] = []  # fmt: skip
    regimes: Annotated[
        list[Regime],
        key("Laws that the data is under.", example=["gdpr"], max_length=40,
            absent="whatever law it is under"),
    ] = []  # fmt: skip


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
        key("Boards of the catalogue, by zone and category alone.", example=["raspberry-pi-5"],
            max_length=200, absent="none"),
    ] = []  # fmt: skip
    operators: Annotated[
        list[str],
        key("Countries or blocs whose law binds the operator, wherever its regions lie.",
            example=["US"], max_length=250, absent="none"),
    ] = []  # fmt: skip
    partitions: Annotated[
        list[str],
        key("Partitions of the clouds.", example=["aws-cn"], max_length=50, absent="none"),
    ] = []  # fmt: skip


class Require(Section):
    """What every zone that the policy binds has to demand; the zone's own checks prove it."""

    device_trust: Annotated[
        list[Capability],
        key("Security functions in the zone's `device_trust`.", example=["tpm"], max_length=20,
            absent="none"),
    ] = []  # fmt: skip
    controls: Annotated[
        list[Control],
        key("Controls in the zone's `controls`.", example=["audit-log"], max_length=20,
            absent="none"),
    ] = []  # fmt: skip
    key_protection: Annotated[
        Literal["software", "hsm"] | None,
        key("How the zone's keys are protected, at least.", example="hsm", absent="either way"),
    ] = None  # fmt: skip
    evidence: Annotated[
        list[Annotated[str, Field(pattern="^[a-z][a-z0-9-]{0,39}$")]],
        key("Kinds of documents in the zone's `evidence`.", example=["dpia"], max_length=40,
            absent="none"),
    ] = []  # fmt: skip


CONTROL_PATTERN = (
    r"^(nist-800-53:(A[CTU]|C[AMP]|IA|IR|MA|MP|P[ELMST]|RA|S[ACIR])-[1-9][0-9]?(\([1-9][0-9]?\))?"
    r"|iso-27001:(5\.([1-9]|[12][0-9]|3[0-7])|6\.[1-8]|7\.([1-9]|1[0-4])"
    r"|8\.([1-9]|[12][0-9]|3[0-4]))"
    r"|hipaa:164\.(3(0[268]|1[0-8])|4[01][0-9]|5[0-3][0-9])(\([a-z0-9]{1,4}\)){0,4})$"
)
"""A control of NIST SP 800-53 r5, of ISO/IEC 27001:2022 Annex A, or of 45 CFR part 164."""
Linddun: TypeAlias = Literal[
    "linking", "identifying", "non-repudiation", "detecting", "data-disclosure", "unawareness",
    "non-compliance",
]  # fmt: skip


class Policy(Section):
    """A rule of the user's own; it may only add restrictions."""

    title: Annotated[
        str,
        key("What the policy says, in a line.", example="Scans stay off American clouds",
            min_length=1, max_length=120, absent="its name"),
    ] = ""  # fmt: skip
    severity: Annotated[
        Literal["error", "warning"],
        key("Whether it stops the build; a warning shows and can be waived.", example="warning",
            absent="`error`"),
    ] = "error"  # fmt: skip
    controls: Annotated[
        list[Annotated[str, Field(pattern=CONTROL_PATTERN)]],
        key("Controls that it carries out, by framework.",
            example=["nist-800-53:SA-9(5)", "iso-27001:5.23", "hipaa:164.312(a)(2)(iv)"],
            max_length=50, absent="none is claimed"),
    ] = []  # fmt: skip
    linddun: Annotated[
        list[Linddun],
        key("Threats to privacy that it counters.", example=["data-disclosure"], max_length=7,
            absent="none is claimed"),
    ] = []  # fmt: skip
    applies_to: Annotated[
        AppliesTo | None,
        key("What the policy binds.", example={"zones": ["eu-plants"]}, absent="everything"),
    ] = None
    forbid: Annotated[
        Forbid | None,
        key("What must not be used.", example={"countries": ["US"]},
            absent="nothing by name; with `when` alone, whatever the condition is true of"),
    ] = None  # fmt: skip
    require: Annotated[
        Require | None,
        key("What the zones have to demand.", example={"controls": ["audit-log"]},
            absent="nothing"),
    ] = None  # fmt: skip
    when: Annotated[
        str | None,
        key("A condition in CEL over one claim; the policy speaks where it is true, and leaves a "
            "gap where it cannot be decided.", example="facet == 'store' && sensitivity == 'high'",
            min_length=1, max_length=MAX_CONDITION, absent="the policy always speaks"),
    ] = None  # fmt: skip
    message: Annotated[
        str,
        key("What the finding says; `{policy}`, `{zone}`, `{facet}`, `{countries}`, `{place}` and "
            "`{what}` stand for what was found.",
            example="{place} may not hold scans ({countries})", min_length=1, max_length=400,
            absent="what was found, with the reason"),
    ] = ""  # fmt: skip
    remediation: Annotated[
        str,
        key("The way out, shown as help.", example="choose a region of a European operator",
            min_length=1, max_length=400, absent="narrow the policy, or use something else"),
    ] = ""  # fmt: skip
    false_positive: Annotated[
        str,
        key("When the finding may be wrong, for whoever judges it.",
            example="the operator is a European subsidiary", min_length=1, max_length=400,
            absent="never, as far as is known"),
    ] = ""  # fmt: skip
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


class Plugin(Section):
    """Rules in Python, from a package that is installed; they only add findings."""

    name: Annotated[
        str,
        key("Name of the plugin, as its package offers it.", example="acme-rules",
            pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$"),
    ]  # fmt: skip
    sha256: Annotated[
        str,
        key("Hash of the package that was reviewed; `hybridspec rules` prints it.",
            example="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            pattern="^[0-9a-f]{64}$"),
    ]  # fmt: skip
