"""Countries as people write them: English names and other codes to ISO 3166-1 alpha-2."""

from __future__ import annotations

import re
from collections.abc import Sequence
from unicodedata import combining, normalize

from hybridspec.base.closest import closest
from hybridspec.base.country import BLOC_NAMES, COUNTRIES
from hybridspec.base.edit import Edits, put
from hybridspec.base.source import Span

_NAMES: dict[str, str] = {
    name.strip(): code
    for code, names in re.findall(r"([A-Z]{2}) ([^;]+);", """
    AE united arab emirates|uae|emirates; AL albania; AM armenia; AR argentina; AT austria|aut|at;
    AU australia|aus; AZ azerbaijan; BA bosnia and herzegovina|bosnia; BD bangladesh;
    BE belgium|bel; BG bulgaria|bgr; BH bahrain; BO bolivia; BR brazil|brasil|bra; BY belarus;
    CA canada|can; CH switzerland|swiss|che|schweiz; CL chile; CN china|chn|prc|mainland china;
    CO colombia; CR costa rica; CY cyprus; CZ czechia|czech republic|cze; DE germany|deutschland|
    deu|ger; DK denmark|dnk; DO dominican republic; DZ algeria; EC ecuador; EE estonia|est;
    EG egypt; ES spain|espana|esp; ET ethiopia; FI finland|fin; FR france|fra; GB united kingdom|
    uk|great britain|britain|england|scotland|wales|gbr; GE georgia; GH ghana; GR greece|el|hellas|
    grc; GT guatemala; HK hong kong; HR croatia|hrv; HU hungary|hun; ID indonesia|idn; IE ireland|
    eire|irl; IL israel|isr; IN india|ind; IQ iraq; IR iran; IS iceland|isl; IT italy|italia|ita;
    JO jordan; JP japan|jpn; KE kenya; KR south korea|korea|republic of korea|kor; KW kuwait;
    KZ kazakhstan; LB lebanon; LI liechtenstein; LK sri lanka; LT lithuania|ltu; LU luxembourg|lux;
    LV latvia|lva; MA morocco; MC monaco; MD moldova; ME montenegro; MK north macedonia;
    MT malta|mlt; MX mexico|mex; MY malaysia|mys; NG nigeria; NL netherlands|the netherlands|
    holland|nld; NO norway|norge|nor; NZ new zealand|nzl; OM oman; PA panama; PE peru;
    PH philippines|phl; PK pakistan; PL poland|polska|pol; PR puerto rico; PT portugal|prt;
    PY paraguay; QA qatar; RO romania|rou; RS serbia|srb; RU russia|russian federation|rus;
    SA saudi arabia|ksa; SE sweden|sverige|swe; SG singapore|sgp; SI slovenia|svn; SK slovakia|svk;
    TH thailand|tha; TN tunisia; TR turkey|turkiye|tur; TW taiwan|twn; TZ tanzania; UA ukraine|ukr;
    UG uganda; US united states|usa|united states of america|america|u.s.|u.s.a.; UY uruguay;
    UZ uzbekistan; VE venezuela; VN vietnam|vnm; ZA south africa|zaf; ZM zambia; ZW zimbabwe;
    """)
    for name in names.split("|")
}  # fmt: skip


def country_code(written: str, *, blocs: bool = False) -> tuple[str, bool] | None:
    """The code that a mistaken country means, and whether it can mean nothing else.

    >>> country_code("Germany"), country_code("de"), country_code("Germny")
    (('DE', True), ('DE', True), ('DE', False))
    """
    if len(written) > 60:
        return None
    plain = normalize("NFKD", written.strip().casefold())
    plain = " ".join("".join(c for c in plain if not combining(c)).replace("_", " ").split())
    if plain in _NAMES:
        return _NAMES[plain], True
    if plain.upper() in COUNTRIES or (blocs and plain.upper() in BLOC_NAMES):
        return plain.upper(), True
    near = closest(plain, _NAMES, 0.75) if len(plain) > 3 else None
    return (_NAMES[near], False) if near is not None else None


def country_name(code: str) -> str:
    """The English name of a country, where we know one.

    >>> country_name("BA"), country_name("ZZ")
    ('Bosnia and Herzegovina', '')
    """
    name = next((name for name, known in _NAMES.items() if known == code), "")
    return " ".join(w if w in ("and", "of", "the") else w.capitalize() for w in name.split())


def respelt_country(
    written: str, span: Span, *, blocs: bool = False, likely: Sequence[str] = ()
) -> tuple[Edits, bool]:
    """The edits that write the country that is meant, and whether nothing else can be.

    `likely` are countries that the rest of the spec speaks for.
    """
    code = country_code(written, blocs=blocs)
    if code is not None:
        return put(span, code[0]), code[1]
    near = closest(written, [c for c in likely if c in COUNTRIES], 0.5)
    guess = near or next((c for c in likely if c in COUNTRIES), None)
    return (put(span, guess), False) if guess is not None else ((), False)


def country_hint(name: str, *, blocs: bool = False) -> str:
    """What a mistaken country name probably meant, as a help sentence."""
    meant = country_code(name, blocs=blocs)
    if meant is not None:
        return f"did you mean `{meant[0]}`?"
    return "use an ISO 3166 code such as `DE`, or the bloc `EU`, `EEA` or `adequate(EU)`"
