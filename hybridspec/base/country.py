"""Countries and blocs, as dated facts.

Codes are ISO 3166-1 alpha-2. Bloc membership: EU by the Treaties (27 members since 2020-02-01,
https://european-union.europa.eu/principles-countries-history/eu-countries_en); EEA = EU and IS,
LI, NO (EEA Agreement, in force 1994-01-01, https://www.efta.int/eea). `adequate(EU)` stands for
the countries that the European Commission found adequate under art. 45 of Regulation (EU) 2016/679
or before it (https://commission.europa.eu/law/law-topic/data-protection, section on adequacy), as
far as their decision holds on the day that is asked for. Left out: the United States, where only
organisations that joined the Data Privacy Framework are covered, and Brazil ((EU) 2026/179), whose
decision the EEA had not taken over when this was checked, on 2026-11-01. Canada's covers commercial
organisations alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

EARLIEST = date(2020, 2, 1)
"""Before this day the blocs below had other members."""
CHECKED = date(2026, 11, 1)
"""When the decisions below were last compared with what the Commission lists."""

BLOCS: dict[str, frozenset[str]] = {
    "EU": frozenset(
        "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()
    )
}
BLOCS["EEA"] = BLOCS["EU"] | {"IS", "LI", "NO"}

COUNTRIES: frozenset[str] = frozenset(
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR
    BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ
    EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW
    GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY
    KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV
    MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY
    QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG
    TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM
    ZW
    """.split()
)


@dataclass(frozen=True, slots=True)
class Adequacy:
    """A decision that a country protects personal data adequately; `until` is its last day."""

    since: date
    until: date | None = None


ADEQUATE: dict[str, Adequacy] = {
    "AD": Adequacy(date(2010, 10, 19)),
    "AR": Adequacy(date(2003, 6, 30)),
    "CA": Adequacy(date(2001, 12, 20)),
    "CH": Adequacy(date(2000, 7, 26)),
    "FO": Adequacy(date(2010, 3, 5)),
    "GB": Adequacy(date(2021, 6, 28), date(2031, 12, 27)),
    "GG": Adequacy(date(2003, 11, 21)),
    "IL": Adequacy(date(2011, 1, 31)),
    "IM": Adequacy(date(2004, 4, 28)),
    "JE": Adequacy(date(2008, 5, 8)),
    "JP": Adequacy(date(2019, 1, 23)),
    "KR": Adequacy(date(2021, 12, 17)),
    "NZ": Adequacy(date(2012, 12, 19)),
    "UY": Adequacy(date(2012, 8, 21)),
}
"""Decisions of the Commission; the United Kingdom's was renewed on 2025-12-19 for six years."""

ADEQUATE_EU = "adequate(EU)"


def adequate(on: date) -> frozenset[str]:
    """The countries whose decision holds on a day.

    >>> "GB" in adequate(date(2026, 11, 1)), "GB" in adequate(date(2032, 1, 1))
    (True, False)
    """
    return frozenset(
        country for country, found in ADEQUATE.items()
        if found.since <= on and (found.until is None or on <= found.until)
    )  # fmt: skip


def expand(names: Sequence[str], on: date = CHECKED) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Countries that `names` (codes and blocs) stand for on a day, and those that mean nothing.

    >>> expand(["DE", "FR", "XX"], EARLIEST)
    (('DE', 'FR'), ('XX',))
    """
    known: set[str] = set()
    unknown: list[str] = []
    for name in names:
        if name == ADEQUATE_EU:
            known |= adequate(on)
        elif name in BLOCS:
            known |= BLOCS[name]
        elif name in COUNTRIES:
            known.add(name)
        else:
            unknown.append(name)
    return tuple(sorted(known)), tuple(unknown)
