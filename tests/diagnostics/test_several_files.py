"""Specs of several files: each finding stands in the file, on the line, that is at fault.

The files of a case carry their expectations as comments, which are cut off before anything is read.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from diagnostics.expectations import bare, split

from hybridspec.base.diagnostic import Diagnostic, SpecInvalid
from hybridspec.compiler import Options, validate_file

CLEAN = bare("clean")
SITE = "sites:\n  plant: {country: DE, zone: eu, devices: {box: 1}}\n"
HEAD = "apiVersion: hybridspec.dev/v1\n"
assert SITE in CLEAN


def table(*rows: str, shared: str = "zone: eu, devices: {box: 1}") -> dict[str, str]:
    """The clean spec with its sites in `sites.csv`."""
    section = f"site_tables:\n  plants: {{file: sites.csv, {shared}}}\n"
    return {"hybridspec.yaml": CLEAN.replace(SITE, section), "sites.csv": "\n".join(rows)}


def including(*names: str, **files: str) -> dict[str, str]:
    """The clean spec, which includes files; those are named without their ending."""
    spec = CLEAN.replace(HEAD, f"{HEAD}include: [{', '.join(names)}]\n")
    return {"hybridspec.yaml": spec, **{f"{name}.yaml": text for name, text in files.items()}}


def overlaid(text: str) -> dict[str, str]:
    """The clean spec and an overlay of its stack."""
    return {"hybridspec.yaml": CLEAN, "hybridspec.local.yaml": text}


CASES: dict[str, dict[str, str]] = {
    "clean: a part beneath": including(
        "part.yaml", part="zones: {eu: {countries: [XX], retention: P30D}}\n"),
    "clean: what both include is read once": including(
        "a.yaml", "b.yaml", a="include: [c.yaml]\nclouds: {}\n", b="include: [c.yaml]\n",
        c="clouds: {aws: {provider: moon, regions: [eu-central-1]}}\nzones: {eu: {regimes: []}}\n")
        | {"hybridspec.local.yaml": "clouds: {aws: null}\n"},
    "clean: an overlay of nothing": overlaid("# nothing yet\n"),
    "clean: a table": table("name,country", "berlin,DE", "", ' paris , FR ', '"rome",IT', shared=(
        "zone: eu, devices: {box: 1}, country: XX")),
    "clean: semicolons, quotes and a count of none": table(
        "name;country;zone;devices.box;devices.none;lan_rtt", '"berlin";"DE";"eu";2;0;1ms',
        shared="lan_rtt: 2ms"),
    "a fault in a part": including(
        "parts/eu.yaml") | {"parts/eu.yaml": 'zones:\n  eu:\n    keys: out'
        '  # error: HS0206 "`out` is not a choice for `custody`"\n'},
    "a reference that only a part makes": including(
        "part.yaml", part='sites:\n  other: {country: DE, zone: moon, devices: {box: 1}}'
        '  # error: HS0220 "there is no zone `moon`"\n'),
    "parts that include each other": including(
        "a.yaml", a="include: [b.yaml]\n",
        b='include: [a.yaml]  # error: HS0110 "`a.yaml` -> `b.yaml` -> `a.yaml`"\n'),
    "a part that is a list": including(
        "a.yaml", a='- one  # error: HS0203 "an included file needs a mapping"\n'),
    "a part with a fault of syntax": including(
        "a.yaml", a='zones: [  # error: HS0103 "did not find expected node content"\n'),
    "a list of parts that is none": {"hybridspec.yaml": CLEAN.replace(
        HEAD, f'{HEAD}include: part.yaml  # error: HS0203 "`include` needs a list"\n')},
    "a part that the environment would choose": {"hybridspec.yaml": CLEAN.replace(
        HEAD, f'{HEAD}include: ["${{name}}.yaml"]  # error: HS0115 "may not use variables"\n')},
    "too many parts": {
        "hybridspec.yaml": CLEAN.replace(HEAD, HEAD + "include: [a0.yaml]\n"),
        **{f"a{n}.yaml": f"include: [a{n + 1}.yaml]"
           + ('  # error: HS0111 "at most 64 files"' if n == 62 else "") for n in range(70)}},
    "too much text": {
        "hybridspec.yaml": CLEAN.replace(
            HEAD, f'{HEAD}include:\n  - a.yaml\n  - b.yaml  # error: HS0111 "are larger than"\n'),
        "a.yaml": "#" * 2**21, "b.yaml": "#" * 2**21},
    "too many values": including(
        "a.yaml", "b.yaml", a="data: [" + "1," * 75_000 + "]",
        b="data: [" + "1," * 30_000 + ']  # error: HS0105 "expands beyond 100,000 values"'),
    "an overlay that removes nothing": overlaid(
        'zones:\n  eu:\n    retntion: null  # error: HS0112 "`retntion` is removed here"\n'),
    "a fault in an overlay": overlaid(
        'zones:\n  eu:\n    retention: 3  # error: HS0204 "`retention` needs a duration"\n'),
    "an overlay of a newer version": overlaid(
        'apiVersion: hybridspec.dev/v2  # error: HS0208 "cannot read apiVersion"\n'),
    "columns": table(
        'name,contry,country,country,lan_rt  # error: HS0116 "`contry` is not a column"'
        '  # error: HS0116 "`country` is there twice"  # error: HS0116 "`lan_rt` is not a column"',
        "berlin,DE,DE,DE,1ms"),
    "columns that are missing": table(
        'zone,lan_rtt  # error: HS0116 "no column `name`"  # error: HS0116 "no column `country`"',
        "eu,1ms"),
    "rows": table(
        "name,country,lan_rtt", 'berlin,DE  # error: HS0117 "this row has 2 cells"',
        'paris,FR,1ms,,  # error: HS0117 "this row has 5 cells"',
        ',FR,1ms  # error: HS0117 "this row names no site"', "rome,IT,1ms"),
    "a site twice": table(
        "name,country", "berlin,DE", '"rome",IT',
        'berlin,FR  # error: HS0118 "there is a site `berlin` already"'),
    "a site in a section and in a table": {
        "hybridspec.yaml": CLEAN.replace(
            SITE, SITE + "site_tables:\n  t: {file: t.csv, zone: eu, devices: {box: 1}}\n"),
        "t.csv": 'country,name\nDE,plant  # error: HS0118 "there is a site `plant` already"'},
    "values": table(
        "name,country,lan_rtt,devices.box,energy_price",
        'berlin,DE,3,2,1 USD  # error: HS0204 "`lan_rtt` needs a duration"',
        'paris,FR,3ms,x,1 EUR  # error: HS0203 "`box` needs a whole number"'
        '  # error: HS0411 "no rate of EUR"',
        'München,DE,1ms,1,1 USD  # error: HS0207 "`München` is not a usable name"',
        "rome,IT,,-1,1 USD"
        '  # error: HS0205 "`box` is `-1`"'),
    "a country and a zone that nobody knows": table(
        "name,country,zone", 'a,UK,eu  # error: HS0222 "`UK` is not a known country"',
        'b,DE,moon  # error: HS0220 "there is no zone `moon`"', shared="devices: {box: 1}"),
    "a quoted line end": table(
        "name,country,lan_rtt", '"berlin', '",DE,1ms', "paris,FR,",
        'rome,IT,"3"  # error: HS0204 "needs a duration with a unit, not `3`"'),
    "a quote that is never closed": table(
        "name,country", 'berlin,"DE  # error: HS0119 "this row cannot be read"', "paris,FR"),
    "a quote within": table(
        "name,country", 'berlin,"D"E  # error: HS0119 "this row cannot be read"', "paris,FR"),
    "an escape sequence": table(
        "name,country", 'berlin,D\x1bE  # error: HS0119 "a control character"'),
    "a default of the wrong type": {"hybridspec.yaml": CLEAN.replace(
        SITE, "site_tables:\n  plants:\n    file: sites.csv\n    zone: eu\n    devices: {box: 1}\n"
        '    lan_rtt: 3  # error: HS0204 "`lan_rtt` needs a duration"\n'),
        "sites.csv": "name,country\nberlin,DE\nrome,IT\n"},
    "a misspelt default": {"hybridspec.yaml": CLEAN.replace(
        SITE, "site_tables:\n  plants:\n    file: sites.csv\n    zone: eu\n    devices: {box: 1}\n"
        '    lan_rt: 3ms  # error: HS0201 "`lan_rt` is not a key"\n'),
        "sites.csv": "name,country\nberlin,DE\n"},
}  # fmt: skip


SHOWN = {"HS0111", "HS0112", "HS0116", "HS0117", "HS0118"}
"""Codes that take more than one file to show."""


def test_the_cases_show_what_takes_several_files() -> None:
    texts = (text for files in CASES.values() for text in files.values())
    assert {e.code for text in texts for e in split(text)[1]} >= SHOWN


def found(spec: Path, cache: Path) -> tuple[Diagnostic, ...]:
    try:
        return validate_file(spec, Options(cache=cache)).findings
    except SpecInvalid as invalid:
        return invalid.findings


@pytest.mark.parametrize("name", CASES)
def test_findings_stand_in_the_file_that_is_at_fault(
    name: str, tmp_path: Path, cache: Path
) -> None:
    expected = set()
    for path, text in CASES[name].items():
        plain, comments = split(text)
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(plain, encoding="utf-8", newline="")
        expected |= {(path, e.line, e.code, e.part) for e in comments}
    left = set(expected)
    for finding in found(tmp_path / "hybridspec.yaml", cache):
        assert finding.span is not None
        assert finding.help
        place = (finding.span.file.name, finding.span.line, finding.code)
        fits = [e for e in expected if e[:3] == place and e[3] in finding.message]
        assert fits, f"{place}: {finding.message}"
        left -= set(fits)
    assert not left
    assert bool(expected) is not name.startswith("clean")
