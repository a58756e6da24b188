"""What `flows`, `why` and `what-if` print: their documents as text for people, or as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from rich.console import Console
from rich.text import Text

from hybridspec.base.source import printable
from hybridspec.ir.law import FACETS
from hybridspec.law.duty import shortened
from hybridspec.report import terminal

Doc: TypeAlias = Mapping[str, Any]

_COUNTRIES, _NAMES, _ROWS = 8, 4, 40
"""So many countries, names and changes are listed; the rest are counted."""
_WIDE = 100
"""From so many columns on, tables with sentences can be read."""
_HELD = {"own": "on your own hardware"}


def flows(out: Console, document: Doc) -> None:
    """Assets that are alike in one block: what follows them, and each facet with its verdict."""
    for titles, asset in _alike(document["assets"]):
        _line(out, _some(titles, _NAMES), style="bold")
        for line in label_lines(asset["label"]):
            _line(out, line, indent=2)
        if asset["facets"]:
            _cells(out, asset["facets"])
        for duty in _duties(asset["facets"]):
            _line(out, duty, indent=2)
        _line(out, "")
    for line in _devices(document):
        _line(out, line)
    counts = ", ".join(f"{n} {word}" for word, n in document["verdicts"].items() if n)
    _line(
        out,
        f"{len(document['assets'])} assets; facets: {counts or 'nothing is placed'}. Facts "
        f"of {document['facts']['version'] or 'no pack'}, judged as of {document['asOf']}.",
    )


def _cells(out: Console, facets: Sequence[Doc]) -> None:
    """A table of facets; where it would be too narrow to read, those that are alike in lines."""
    rows = [(cell["facet"], cell["verdict"], where(cell), why(cell)) for cell in facets]
    if out.width >= _WIDE:
        terminal.table(out, "", ["facet", "verdict", "where", "why"], rows)
        return
    alike: dict[tuple[str, str, str], list[str]] = {}
    for facet, *rest in rows:
        alike.setdefault((rest[0], rest[1], rest[2]), []).append(facet)
    for (verdict, there, reasons), names in alike.items():
        at = ", place unknown" if there == "unknown" else f" in {there}"
        _line(out, f"{', '.join(names)}: {verdict}{at}", indent=2)
        _line(out, reasons, indent=4)


def flows_markdown(document: Doc) -> str:
    """The same as Markdown, whole."""
    lines = [f"# Where the data of {_cell(document['spec'])} lies", "",
             f"As of {document['asOf']}, facts {document['facts']['version']}."]  # fmt: skip
    for titles, asset in _alike(document["assets"]):
        lines += ["", f"## {_cell(', '.join(titles))}", ""]
        lines += [f"- {_cell(line)}" for line in label_lines(asset["label"])]
        if asset["facets"]:
            lines += ["", "| facet | verdict | countries | places | why |",
                      "| --- | --- | --- | --- | --- |"]  # fmt: skip
        lines += ["| " + " | ".join(map(_cell, (
            cell["facet"], cell["verdict"], _whole(cell),
            ", ".join(cell["places"]), why(cell),
        ))) + " |" for cell in asset["facets"]]  # fmt: skip
        duties = list(_duties(asset["facets"]))
        lines += ["", *(f"- {_cell(duty)}" for duty in duties)] if duties else []
    lines += ["", *(f"- {_cell(line)}" for line in _devices(document))]
    return "\n".join(lines) + "\n"


def why_text(out: Console, document: Doc) -> None:
    """The answer first; then how each law came into it, and every rule with its citation."""
    held = _HELD.get(document["heldBy"], f"with cloud {document['heldBy']}")
    answer = "allowed" if document["allowed"] else "not allowed"
    _line(
        out,
        f"{document['asset']} in {document['country']}, {held}: {answer} ({document['verdict']})",
        style="bold",
    )
    if document["verdict"] == "gap":
        _line(out, _unknown(document))
    for found in document["answers"]:
        _line(out, "")
        _line(out, found["node"], style="bold")
        for line in label_lines(found["label"]):
            _line(out, line, indent=2)
        for way in found["came"]:
            _line(out, f"{way['part']}: {_way(way)}", indent=2)
        for ground in found["grounds"]:
            _line(out, _ground(ground, document["country"]), indent=2)
        everywhere = _everywhere(found["facets"])
        if everywhere:
            _line(out, "")
            _line(out, "What is said of every facet", indent=2, style="bold")
            for reason in everywhere.values():
                _reason(out, reason, "")
        for facets, cell in _grouped(found["facets"]):
            _line(out, "")
            _line(out, f"{', '.join(facets)}: {cell['verdict']}", indent=2, style="bold")
            _rules(out, cell, everywhere)
    _ending(out, document)


def _unknown(document: Doc) -> str:
    """Which facets the answer is about: a plan may stand with gaps in those that no zone states."""
    cells = [cell for answer in document["answers"] for cell in answer["facets"]]
    gaps = sorted({cell["facet"] for cell in cells if cell["verdict"] == "gap"})
    rest = len({cell["facet"] for cell in cells}) - len(gaps)
    others = f"; the other {rest} are allowed" if rest else ""
    return (f"Nobody knows about {', '.join(gaps)}{others}. A gap is never allowed: it stops a "
            "plan where a zone states the facet, and is listed where none does.")  # fmt: skip


def _everywhere(facets: Sequence[Doc]) -> dict[str, Doc]:
    """Reasons that every facet has at all of its places, if there are several facets."""
    found: dict[str, Doc] = {}
    for n, cell in enumerate(facets if len(facets) > 1 else ()):
        names = {place["name"] for place in cell["places"]}
        mine = {_key(reason): reason for reason, places in _same(cell["reasons"])
                if set(places) == names}  # fmt: skip
        found = {key: reason for key, reason in (found or mine).items() if not n or key in mine}
        if not found:
            break
    return found


def _rules(out: Console, cell: Doc, everywhere: Mapping[str, Doc]) -> None:
    """The places by number, every other rule once with those that it is about, and obligations."""
    names = [place["name"] for place in cell["places"]]
    for number, place in enumerate(cell["places"] if len(names) > 1 else (), 1):
        there = f"in {where(place)}" if place["countries"] else "nobody states where"
        _line(out, f"({number}) {there}: {place['name']}, by {place['source']}", indent=4)
    if not cell["reasons"]:
        _line(out, "no wall, policy or law of this spec has a say about it", indent=4)
    if cell["reasons"] and all(_key(reason) in everywhere for reason in cell["reasons"]):
        _line(out, "nothing else is said of it", indent=4)
    for reason, places in _same(cell["reasons"]):
        if _key(reason) in everywhere:
            continue
        which = sorted({names.index(name) + 1 for name in places})
        there = "" if len(which) == len(names) else f", for {', '.join(f'({n})' for n in which)}"
        _reason(out, reason, there)
    said = {reason["rule"] for reason in cell["reasons"]}
    for duty in cell["obligations"]:
        if not duty["metBy"] or duty["rule"] not in said:
            _line(out, _duty(duty), indent=4)


def _reason(out: Console, reason: Doc, there: str) -> None:
    """A rule with its line; its fact is among the facts below, and named if called otherwise."""
    at = f" ({reason['at']})" if reason["at"] else ""
    _line(out, f"{reason['verdict']}: {reason['text']} [{reason['rule']}]{at}{there}", indent=4)
    if reason["fact"] and reason["fact"] != reason["rule"]:
        _line(out, f"fact {reason['fact']}, {_valid(reason)}", indent=6)
    if reason["waivedBy"]:
        _line(out, f"waived by {', '.join(reason['waivedBy'])}", indent=6)


def _key(reason: Doc) -> str:
    """What a reason says, wherever it says so."""
    return repr(
        {name: value for name, value in reason.items() if name not in ("place", "countries")}
    )


def _same(reasons: Sequence[Doc]) -> Iterator[tuple[Doc, list[str]]]:
    """Reasons that say the same of several places, with the places."""
    groups: dict[str, tuple[Doc, list[str]]] = {}
    for reason in reasons:
        groups.setdefault(_key(reason), (reason, []))[1].append(reason["place"])
    yield from groups.values()


def _ending(out: Console, document: Doc) -> None:
    if document["unknown"]:
        _line(out, "")
        _line(out, "Nobody states:", style="bold")
        for text in document["unknown"]:
            _line(out, f"- {text}", indent=2)
    if document["cited"]:
        _line(out, "")
        _line(out, "Facts", style="bold")
    for fact in document["cited"]:
        now = "" if fact["holds"] else f"; does not hold on {document['asOf']}"
        _line(out, f"{fact['id']}: {fact['title']}", indent=2)
        _line(out, f"{_valid(fact)}, {fact['status']}{now}; checked {fact['checkedOn']}", indent=4)
        _line(out, fact["source"], indent=4)
    _line(out, "")
    _line(
        out,
        f"Judged as of {document['asOf']} by facts {document['facts']['version']}, which "
        "are engineering inputs with their sources, not legal advice.",
    )


def what_if(out: Console, document: Doc, *, all: bool = False) -> None:
    """What changes: findings, claims, placement and cost; `all` lists each claim in a row."""
    _line(out, "What if " + ", and ".join(document["changes"]) + "?", style="bold")
    for key, title in (("appear", "Findings that appear"), ("vanish", "Findings that vanish")):
        for n, found in enumerate(document["findings"][key]):
            if not n:
                _line(out, title, style="bold")
            _line(
                out,
                f"{found['code']} {found['severity']}: {found['message']} ({found['at']})",
                indent=2,
            )
    if document["judgedOn"] == "before":
        _line(out, "Nothing can be placed then: claims are those of the placement of before.")
    if all:
        terminal.table(out, "Claims that change", ["zone", "asset", "facet", "before", "after"], [
            (c["zone"], c["asset"], c["facet"], _side(c["before"]), _side(c["after"]))
            for c in document["claims"]
        ])  # fmt: skip
    else:
        _claims(out, document["claims"])
    _rows(out, "Placement that changes", ["what", "before", "after"], [
        (p["what"], p["before"], p["after"]) for p in document["placement"]
    ])  # fmt: skip
    cost = document["cost"]
    _line(out, f"Cost: {cost['before']} before, {cost['after']} after ({cost['difference']}).")
    _line(
        out,
        f"Verdict: {document['verdict']['before']} before, {document['verdict']['after']} "
        "after. The spec was not touched.",
    )


def _claims(out: Console, claims: Sequence[Doc]) -> None:
    """Claims that change in the same way for the same cause, counted, with their assets."""
    if not claims:
        _line(out, "Claims that change: none")
        return
    _line(out, f"Claims that change: {len(claims)} (`--format json` has each)", style="bold")
    groups: dict[tuple[str, str, str, str], dict[str, list[str]]] = {}
    for claim in claims:
        cause = (claim["after"] or claim["before"])["why"]
        key = (claim["zone"], _side(claim["before"]), _side(claim["after"]), cause)
        groups.setdefault(key, {}).setdefault(claim["asset"], []).append(claim["facet"])
    for (zone, before, after, cause), assets in list(groups.items())[:_ROWS]:
        count = sum(len(facets) for facets in assets.values())
        _line(out, f"{count} of zone {zone}: {before}, then {after}: {cause}", indent=2)
        alike: dict[tuple[str, ...], list[str]] = {}
        for asset, facets in assets.items():
            alike.setdefault(tuple(sorted(facets, key=FACETS.index)), []).append(asset)
        for facets_, names in alike.items():
            _line(out, f"{', '.join(facets_)} of {_some(names, _COUNTRIES)}", indent=4)
    if len(groups) > _ROWS:
        _line(out, f"and {len(groups) - _ROWS} more changes", indent=2)


def _rows(out: Console, title: str, head: list[str], rows: list[tuple[str, ...]]) -> None:
    """A table of at most so many rows; nothing changes without any."""
    if not rows:
        _line(out, f"{title}: none")
        return
    terminal.table(out, title, head, rows[:_ROWS])
    if len(rows) > _ROWS:
        _line(out, f"and {len(rows) - _ROWS} more, which `--format json` shows", indent=2)


def label_lines(label: Doc) -> Iterator[str]:
    """A label in a few lines of words."""
    if label["empty"]:
        yield "made from no data that is known"
        return
    laws = [f"{b['regime']} (zone {b['zone']})" for b in label["regimes"]]
    yield f"under {_some(laws, _COUNTRIES) or 'no law of the facts'}"
    many = "unknown number of" if label["people"] is None else f"{label['people']:,}"
    about = f"; {many} people in {_some(label['subjects'], _COUNTRIES)}"
    categories = _some(label["categories"], _COUNTRIES) or "no category"
    yield (f"{categories}; {label['identifiability']}, sensitivity {label['sensitivity']}"
           f"{about if label['subjects'] and label['people'] != 0 else ''}")  # fmt: skip
    if label["zones"]:
        yield f"kept in the countries of zone {_some(label['zones'], _COUNTRIES)}"


def where(cell: Doc) -> str:
    """The countries of a facet, and whether it may be elsewhere too, as far as anybody states."""
    found = _some(cell["countries"], _COUNTRIES)
    return f"{found} and unknown" if found and cell.get("unstated") else found or "unknown"


def _whole(cell: Doc) -> str:
    return ", ".join([*cell["countries"], *(["unknown"] if cell["unstated"] else [])])


def why(cell: Doc) -> str:
    """Why it has its verdict, in the words of its certificate."""
    return str(cell["why"]) or _some(cell["places"], _NAMES)


def _devices(document: Doc) -> Iterator[str]:
    """What software on devices sends by itself: the user's image decides what nothing prevents."""
    for flow in document["devices"]:
        state = (f"kept from happening by {flow['avoidedBy']}" if flow["avoidedBy"]
                 else f"where to: {where(flow)}; your image of the device decides")  # fmt: skip
        yield f"On every device ({flow['facet']}): {flow['text']} [{flow['flow']}]; {state}."


def _alike(assets: Sequence[Doc]) -> Iterator[tuple[list[str], Doc]]:
    """Assets with one label and the same facets, judged alike, stand together."""
    groups: dict[str, tuple[list[str], Doc]] = {}
    for asset in assets:
        key = repr((asset["zone"], asset["label"], [
            (c["facet"], c["verdict"], c["countries"], c["why"], c["obligations"])
            for c in asset["facets"]
        ]))  # fmt: skip
        groups.setdefault(key, ([], asset))[0].append(asset["asset"])
    for titles, asset in groups.values():
        yield [*titles[:-1], f"{titles[-1]} of zone {asset['zone']}"], asset


def _grouped(facets: Sequence[Doc]) -> Iterator[tuple[list[str], Doc]]:
    """Facets with the same answer for the same reasons, the worst first as they stand."""
    groups: dict[str, tuple[list[str], Doc]] = {}
    for cell in sorted(facets, key=lambda c: FACETS.index(c["facet"])):
        key = repr((cell["verdict"], cell["reasons"], cell["obligations"]))
        groups.setdefault(key, ([], cell))[0].append(cell["facet"])
    yield from groups.values()


def _duties(facets: Sequence[Doc]) -> Iterator[str]:
    """The obligations of some facets, each once, open ones first."""
    found = {_duty(duty): bool(duty["metBy"]) for cell in facets for duty in cell["obligations"]}
    yield from sorted(found, key=lambda text: (found[text], text))


def _duty(duty: Doc) -> str:
    until = f", until {duty['until']}" if duty["until"] else ""
    if duty["metBy"].startswith("guard `"):  # its text says what would happen without it
        return f"{duty['metBy']}, against this: {duty['text']} [{duty['rule']}]"
    state = f"met by {duty['metBy']}" if duty["metBy"] else "OPEN"
    return f"obligation {state}{until}: {duty['text']} [{duty['rule']}]"


def _way(way: Doc) -> str:
    if not way["steps"]:
        return f"begins at {way['from']}"
    parts = [way["from"]]
    for step in way["steps"]:
        released = f" (releases {', '.join(step['releases'])})" if step["releases"] else ""
        parts.append(step["to"] + released)
    return "from " + " → ".join(parts)


def _ground(ground: Doc, country: str) -> str:
    """A ground that a law knows, and whether the spec states it."""
    needs = f", with {' and '.join(ground['needs'])}" if ground["needs"] else ""
    holds = "" if ground["holds"] else ", which does not hold then"
    state = "not stated in the spec"
    if ground["stated"]:
        ends = f", until {ground['expires']}" if ground["expires"] else ""
        alone = f", with {ground['recipient']} alone" if ground["recipient"] else ""
        good = "" if ground["serves"] else ", which does not serve here"
        state = (
            f"stated at {ground['at']} by {ground['evidence'] or 'no document'}{ends}{alone}{good}"
        )
    return (f"ground of {ground['regime']} (zone {ground['zone']}) for {country}: "
            f"{ground['mechanism']}{needs} [{ground['fact']}]{holds}; {state}")  # fmt: skip


def _valid(row: Doc) -> str:
    return f"valid from {row['since'] or 'ever'} until {row['until'] or 'further notice'}"


def _side(side: Doc | None) -> str:
    return "not there" if side is None else f"{side['verdict']} in {where(side)}"


def _some(names: Sequence[str], most: int) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _line(out: Console, text: str, *, indent: int = 0, style: str = "") -> None:
    """A line that wraps below its own beginning; nothing of the user's is markup."""
    room = max(20, min(out.width, 100) - indent)
    shown = Text(shortened(printable(text)), style=style)
    for n, part in enumerate(shown.wrap(out, room - 2) or [Text("")]):
        out.print(Text(" " * (indent + (2 if n else 0))) + part, soft_wrap=True)


def _cell(text: object) -> str:
    """Text of the user's inside Markdown: no markup, no end of a cell."""
    plain = printable(str(text)).replace("\\", "\\\\")
    for char in "|*_`<>[]#":
        plain = plain.replace(char, f"\\{char}")
    return plain
