"""What a condition sees of one claim: a typed view, of which what nobody knows is left out."""

from __future__ import annotations

from hybridspec.ir.label import IDENTIFIABILITY, SENSITIVITY, Label
from hybridspec.ir.verdict import Place
from hybridspec.law.regime import countries_of, known

TEXT, TEXTS, NUMBER, TRUTH = "string", "list(string)", "int", "bool"

FIELDS: dict[str, tuple[str, str]] = {
    "categories": (TEXTS, "taxonomy paths of everything in it"),
    "subjects": (TEXTS, "countries where the people live"),
    "regimes": (TEXTS, "laws it is under; `unknown:KE` stands for one that nobody has stated"),
    "zones": (TEXTS, "zones where any of it was born or whose walls it keeps"),
    "facet": (TEXT, "`process`, `store`, `ciphertext`, `transit`, `keys`, `key_admin`, `backup`, "
                    "`logs`, `support`, `control_plane`, `operator` or `model`"),
    "place": (TEXT, "site, `cloud/region` or sink"),
    "countries": (TEXTS, "all countries where it may be"),
    "recipient": (TEXT, "`own`, or the cloud or sink that gets it"),
    "operator": (TEXT, "country whose law binds the recipient; empty for what is your own"),
    "partition": (TEXT, "partition of the cloud; empty for what is your own"),
    "identifiability": (TEXT, "`raw`, `pseudonymous`, `aggregated` or `anonymous`"),
    "sensitivity": (TEXT, "`low`, `medium` or `high`"),
    "volume": (NUMBER, "people over a year, where that is stated"),
    "sealed": (TRUTH, "whether it is ciphertext whose keys lie elsewhere"),
}  # fmt: skip
"""Name to type and meaning; the page of policies lists them."""


def claim(label: Label, facet: str, place: Place) -> dict[str, object]:
    """The view of one claim. A name that is missing makes what asks for it undecided."""
    countries = countries_of(facet, place)
    seen: dict[str, object] = {
        "categories": sorted(label.categories),
        "subjects": sorted(label.subjects),
        "regimes": sorted({bound.regime for bound in label.regimes}),
        "zones": sorted(label.born | label.zones),
        "facet": facet,
        "recipient": place.recipient,
        "identifiability": IDENTIFIABILITY[label.identifiability],
        "sensitivity": SENSITIVITY[label.sensitivity],
        "sealed": place.sealed,
        "place": place.name.removeprefix("region "),
    }
    if known(countries):
        seen["countries"] = list(countries)
    for name, value in (("operator", place.operator), ("partition", place.partition)):
        if value or place.recipient == "own":
            seen[name] = value or ""
    if label.volume is not None:
        seen["volume"] = label.volume
    return seen
