"""Countries and blocs, as dated facts.

Codes are ISO 3166-1 alpha-2. Bloc membership: EU by the Treaties (27 members since 2020-02-01,
https://european-union.europa.eu/principles-countries-history/eu-countries_en); EEA = EU and IS,
LI, NO (EEA Agreement, in force 1994-01-01, https://www.efta.int/eea).
"""

from __future__ import annotations

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


def expand(names: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Countries that `names` (codes and blocs) stand for, and the names that mean nothing.

    >>> expand(["DE", "FR", "XX"])
    (('DE', 'FR'), ('XX',))
    """
    known: set[str] = set()
    unknown: list[str] = []
    for name in names:
        if name in BLOCS:
            known |= BLOCS[name]
        elif name in COUNTRIES:
            known.add(name)
        else:
            unknown.append(name)
    return tuple(sorted(known)), tuple(unknown)
