"""What a facts pack says: blocs, adequacy decisions and regimes; each row dated, with source."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from hybridspec.spec.quantity import Day, Section, key

FACTS_SCHEMA = "hybridspec.dev/facts/v1"

Code: TypeAlias = Annotated[str, Field(pattern="^[A-Za-z][A-Za-z-]{0,30}$")]
"""A country's code, or a bloc of the pack, which stands for its members."""
Token: TypeAlias = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9.:_-]{0,60}$")]
Facet: TypeAlias = Literal[
    "process", "store", "ciphertext", "transit", "keys", "key_admin", "backup", "logs", "support",
    "control_plane", "operator", "model",
]  # fmt: skip
Scope: TypeAlias = Literal["all", "commercial", "private-sector", "covered", "certified"]
Codes: TypeAlias = Annotated[list[Code], Field(max_length=300)]
Tokens: TypeAlias = Annotated[list[Token], Field(max_length=100)]


class Row(Section):
    """What every row states: between which days it holds, its status, and where it was read."""

    title: Annotated[
        str, key("The row in a few words.", example="Decision on Japan", max_length=300)
    ]
    since: Annotated[Day, key("First day on which it holds.", example="2019-01-23")]
    until: Annotated[
        Day | None,
        key("Last day on which it holds.", example="2031-12-27", absent="no end is known"),
    ] = None
    status: Annotated[
        Literal["in-force", "contested", "draft"],
        key("`contested`: it holds, but is under attack in court; `draft`: it does not hold yet.",
            absent="in force"),
    ] = "in-force"  # fmt: skip
    source: Annotated[
        str,
        key("Where it was read; begins with `unverified` where nobody has compared all of it.",
            example="https://eur-lex.europa.eu/eli/reg/2016/679/oj", min_length=1, max_length=500),
    ]  # fmt: skip
    checked_on: Annotated[
        Day | None,
        key("When it was last compared with its source.", example="2026-11-27",
            absent="the pack's `checked_on`"),
    ] = None  # fmt: skip


class BlocRow(Row):
    """Countries that a law names together."""

    members: Annotated[Codes, key("Countries and blocs.", example=["NO", "IS"], min_length=1)]


class AdequacyRow(Row):
    """A decision that countries protect data well enough for a regime."""

    regime: Annotated[Token, key("Regime under which it was taken.", example="gdpr")]
    countries: Annotated[Codes, key("Countries it is about.", example=["JP"], min_length=1)]
    scope: Annotated[
        Scope, key("Recipients that it covers.", absent="all of them", example="commercial")
    ] = "all"
    exporters: Annotated[
        Codes,
        key("Countries from which data may be sent under it.", example=["EU"],
            absent="every country of the regime"),
    ] = []  # fmt: skip


class MechanismRow(Row):
    """A ground for a transfer."""

    evidence: Annotated[
        Tokens, key("Documents it takes beside its own.", example=["tia"], absent="none")
    ] = []
    longest: Annotated[
        int | None,
        key("Days for which one may hold.", example=1095, gt=0, le=36_500, absent="no limit"),
    ] = None
    countries: Annotated[
        Codes, key("Countries it can be used for.", example=["US"], absent="all")
    ] = []
    at_most: Annotated[
        dict[Token, Annotated[int, Field(ge=0, le=10**10)]],
        key("People by category, beyond which it is not open.", example={"user": 999999},
            absent="any number"),
    ] = {}  # fmt: skip


class TriggerRow(Section):
    """When a regime applies by itself: every part that is stated has to match."""

    categories: Annotated[
        Tokens, key("Paths of the taxonomy, with what is below.", example=["user"], absent="all")
    ] = []
    subjects: Annotated[
        Codes, key("Countries of the people.", example=["EEA"], absent="anywhere")
    ] = []
    established: Annotated[
        Codes, key("Countries of sites or of the controller.", example=["EEA"], absent="anywhere")
    ] = []
    roles: Annotated[
        Tokens, key("What the user says to be.", example=["nis2-essential"], absent="any")
    ] = []
    thresholds: Annotated[
        dict[Token, Annotated[int, Field(ge=0, le=10**10)]],
        key("People by category, from which on it applies.", example={"user.biometric": 1000},
            absent="any number"),
    ] = {}  # fmt: skip
    combined: Annotated[
        bool,
        key("Whether the lowest threshold counts for all data, where a spec has data of more than "
            "one of the categories.", absent="no; each by itself"),
    ] = False  # fmt: skip


class DutyRow(Row):
    """Something else that a regime asks."""

    id: Annotated[Token, key("Stable id of the rule.", example="gdpr:art-35")]
    kind: Annotated[
        Literal["evidence", "agreement", "control", "device", "key", "keep", "limit"],
        key("What kind of thing.", example="evidence"),
    ]
    needs: Annotated[Token, key("Which one; days for `keep` and `limit`.", example="dpia")]
    categories: Annotated[Tokens, key("Data that it is about.", absent="all")] = []
    facets: Annotated[list[Facet], key("Facets that it is about.", absent="all")] = []
    hard: Annotated[bool, key("Whether it is a violation to go without.", absent="no")] = False
    text: Annotated[str, key("What is asked, for people.", example="Assess.", max_length=500)]
    roles: Annotated[
        Tokens,
        key("Who has to.", example=["nis2-essential"],
            absent="everybody; and everybody too where no role of the regime is claimed"),
    ] = []  # fmt: skip
    abroad: Annotated[
        bool,
        key("Whether it is only about what others keep who stand, or keep it, outside of `home`.",
            absent="no; everywhere"),
    ] = False  # fmt: skip


class RegimeRow(Row):
    """A law or standard, for as long as it reads this way; one name may have rows in sequence."""

    name: Annotated[Token, key("Name in the spec.", example="gdpr")]
    applies: Annotated[
        list[TriggerRow], key("When it applies by itself; one is enough.", absent="only if named")
    ] = []
    governs: Annotated[
        list[Facet], key("Facets whose place it is about.", absent="none", example=["process"])
    ] = []
    sealed: Annotated[
        list[Facet], key("Facets where ciphertext with keys in `home` may lie.", absent="none")
    ] = []
    home: Annotated[Codes, key("Its own area.", example=["EEA"], absent="none")] = []
    covers: Annotated[
        Codes, key("Countries whose rules for personal data it is.", absent="none; it adds")
    ] = []
    elsewhere: Annotated[
        Literal["deny", "allow", "gap"],
        key("What holds beyond home, adequate countries and mechanisms.", example="deny"),
    ]
    denied: Annotated[Codes, key("Countries that are refused anyway.", absent="none")] = []
    mechanisms: Annotated[
        dict[Token, MechanismRow], key("Grounds for a transfer by name.", absent="none")
    ] = {}
    releases: Annotated[
        dict[Token, Tokens],
        key("Methods that take the regime off, with the keys each needs.", absent="none"),
    ] = {}
    duties: Annotated[list[DutyRow], key("What else it asks.", absent="nothing")] = []


class FactsPack(Section):
    """Dated facts about law; a pack may be split into several files."""

    format: Annotated[
        Literal["hybridspec.dev/facts/v1"],
        Field(alias="schema", description="Version of this format.", examples=[FACTS_SCHEMA]),
    ]
    version: Annotated[
        str, key("Version of the facts.", example="2026.11.27", pattern=r"^[0-9]{4}\.[0-9.]{1,12}$")
    ]
    checked_on: Annotated[
        Day, key("When rows without an own day were compared with their source.",
                 example="2026-11-27"),
    ]  # fmt: skip
    blocs: Annotated[dict[Code, BlocRow], key("Blocs by name.", absent="none")] = {}
    adequacy: Annotated[
        list[AdequacyRow], key("Decisions on adequacy.", absent="none", max_length=500)
    ] = []
    regimes: Annotated[list[RegimeRow], key("Regimes.", absent="none", max_length=200)] = []
