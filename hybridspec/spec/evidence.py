"""What the user can show: roles under the law, documents, and agreements with a provider."""

from typing import Annotated, Literal, TypeAlias

from hybridspec.spec.quantity import Address, Day, Name, Section, key

Role: TypeAlias = Literal[
    "ai-act-high-risk-deployer", "ai-act-high-risk-product", "ai-act-high-risk-provider",
    "critical-information-infrastructure", "data-act-provider", "hipaa-business-associate",
    "hipaa-covered-entity", "iec-62443-asset-owner", "nis2-essential", "nis2-important",
    "us-person",
]  # fmt: skip
"""What an organisation is under a law; each switches on what the law asks of such a one."""

Document: TypeAlias = Annotated[
    Address,
    key("The document: a file relative to the spec, which has to exist, or its address.",
        example="legal/dpia.md", min_length=1, max_length=1024),
]  # fmt: skip
Expires: TypeAlias = Annotated[
    Day | None,
    key("Last day on which it holds.", example="2027-12-31", absent="it does not expire by itself"),
]


class Evidence(Section):
    """A document that shows that something a law asks for was done."""

    kind: Annotated[
        Name,
        key("What it shows, in the words of the legal facts; `hybridspec facts show` lists them.",
            example="dpia"),
    ]  # fmt: skip
    document: Document
    expires: Expires = None


class Agreement(Section):
    """A contract with the operator of a cloud."""

    kind: Annotated[
        Name,
        key("What was agreed: a business associate agreement (`baa`), the processing of personal "
            "data (`dpa`), or another that the legal facts know.", example="dpa"),
    ]  # fmt: skip
    document: Document
    expires: Expires = None
