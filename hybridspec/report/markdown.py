"""The report as Markdown, for pull requests and printing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from hybridspec.base.source import printable
from hybridspec.report import candidates, capacity

_CHECKLISTS = 40
"""Models at alike sites whose checklist is printed."""


def markdown(report: Mapping[str, Any]) -> str:
    """The whole report; values of the user's are escaped."""
    parts = [
        _cover(report),
        _placements(report),
        _matrix(report),
        _enforcement(report),
        _capacity(report),
        _cost(report),
        _models(report),
        _delivery(report),
        _rest(report),
    ]
    return "\n".join(part.strip() + "\n" for part in parts if part)


def cell(value: object) -> str:
    """Text that cannot leave its table cell or become markup."""
    text = printable(" ".join(str(value).split())).replace("\\", "\\\\")
    for char in "`*_[]<>|#~&$":
        text = text.replace(char, "\\" + char)
    return text


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table, or the word `none`."""
    listed = [[cell(value) for value in row] for row in rows]
    if not listed:
        return "none\n"
    head = list(head)
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in listed]
    return "\n".join(lines) + "\n"


def _cover(report: Mapping[str, Any]) -> str:
    counts = report["verdict"]["residency"]
    cost = report["cost"]
    word = "allowed" if report["verdict"]["allowed"] else "NOT ALLOWED"
    proof = "optimal" if cost["optimal"] else f"gap {cost['gap']}"
    return f"""# Placement report: {cell(report["name"])}

Verdict: **{word}**: {counts["satisfied"]} facets satisfied, {counts["conditional"]} on conditions,
{counts["violated"]} violated, {counts["gap"]} gaps (unknown, never counted as allowed),
{counts["waived"]} waived.
Cost: **{cell(cost["total"])}** over {cell(cost["horizon"])}, {proof}: {cell(cost["proof"])}.
Owner: {cell(report["owner"])}. Facts judged as of {cell(report["asOf"])}. {cell(report["tool"])}.

{table(["input", "SHA-256"], sorted(report["digests"].items()))}"""


def _placements(report: Mapping[str, Any]) -> str:
    rows = [
        (p["site"], p["country"], p["flow"],
         ", ".join(f"{h['stage']} on {h['host']}" for h in p["hosts"]),
         ", ".join(f"{m} {v}" for m, v in sorted(p["variants"].items())),
         f"{p['latency']['range']} (bound {p['latency']['bound']})" if p["latency"] else "no bound",
         p["cost"], f"+{p['runnerUp']['extra']}" if p["runnerUp"] else "none")
        for p in report["placements"]
    ]  # fmt: skip
    reasons = [
        (p["site"], p["flow"], r["placement"], reason["code"], reason["message"], reason["remedy"])
        for p in report["placements"] for r in p["rejected"] for reason in r["reasons"]
    ]  # fmt: skip
    return (
        "## Placement\n\n"
        + table(["site", "country", "flow", "stages", "models", "latency", "cost", "runner-up"],
                rows)
        + "\n### Rejected placements and why\n\n"
        + table(["site", "flow", "placement", "rule", "reason", "what would help"], reasons)
        + "\n### What decided where models run\n\n"
        + table(["model", "flow", "sites", "item", "decides", "points to", "figure"],
                _checklists(report))
    )  # fmt: skip


def _checklists(report: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    """The eight items of each model; a fleet's are in the JSON document beyond the first."""
    for one in report["checklists"][:_CHECKLISTS]:
        sites = ", ".join(one["sites"][:3])
        sites += f" and {len(one['sites']) - 3} more" if len(one["sites"]) > 3 else ""
        for item in one["items"]:
            yield (one["model"], one["flow"], sites, item["item"],
                   "yes" if item["decides"] else "", item["points"], item["figure"])  # fmt: skip


def _matrix(report: Mapping[str, Any]) -> str:
    zones = table(
        ["zone", "countries", "regimes", "retention", "defined"],
        [(z["name"], " ".join(z["countries"]), " ".join(z["regimes"]), z["retention"], z["origin"])
         for z in report["zones"]],
    )  # fmt: skip
    rows = [
        (r["zone"], r["asset"], r["facet"], ", ".join(r["places"]), " ".join(r["countries"]),
         r["verdict"], r["why"])
        for r in report["residency"]
    ]  # fmt: skip
    head = ["zone", "asset", "facet", "where", "countries", "verdict", "why"]
    duties = table(
        ["rule", "what has to hold", "met by", "until", "rows"],
        [(o["rule"], o["text"], o["metBy"] or "OPEN", o["until"], o["rows"])
         for o in report["obligations"]],
    )  # fmt: skip
    return (
        f"## Compliance zones\n\n{zones}\n## Where everything lies\n\n{table(head, rows)}"
        f"\n### Conditions\n\n{duties}"
    )


def _enforcement(report: Mapping[str, Any]) -> str:
    """What keeps each claim true once it is deployed, and which claims nothing does."""
    said = report["enforcement"]
    claims = [
        (c["zone"], c["asset"], c["facet"], ", ".join(c["places"]),
         ", ".join(c["guards"]) or "none", c["unenforced"])
        for c in said["claims"]
    ]  # fmt: skip
    guards = [(g["guard"], g["title"], g["source"]) for g in said["guards"]]
    head = ["zone", "asset", "facet", "where", "guards", "not enforced, because"]
    return (
        f"## Enforcement\n\n{said['enforced']} claims are enforced by what is emitted, "
        f"{said['unenforced']} are not. The command hybridspec preview proves\n"
        "that the guards are there.\n\n"
        f"{table(head, claims)}\n{table(['guard', 'does', 'source'], guards)}"
    )


def _capacity(report: Mapping[str, Any]) -> str:
    """What is bought and what quotas leave, where the plan decides it."""
    devices, quotas = capacity.rows(report)
    bought = f"## Devices to buy\n\n{table(capacity.DEVICES, devices)}\n" if devices else ""
    return bought + (f"## Quotas\n\n{table(capacity.QUOTAS, quotas)}" if quotas else "")


def _cost(report: Mapping[str, Any]) -> str:
    sums = [(g["group"], g["edge"], g["cloud"], g["total"]) for g in report["cost"]["groups"]]
    rows = [(t["name"], t["group"], t["amount"], t["inputs"]) for t in report["cost"]["terms"]]
    others = [(s["zone"], s["region"], a["region"], a["extra"])
              for s in report["stores"] for a in s["alternatives"]]  # fmt: skip
    return (
        f"## Cost\n\n{table(['for', 'at the sites', 'in the clouds', 'together'], sums)}\n"
        f"{table(['term', 'for', 'amount', 'from'], rows)}\n### Other regions\n\n"
        + table(["zone", "chosen", "instead", "dearer by"], others)
    )


def _models(report: Mapping[str, Any]) -> str:
    tried = [(m, v) for m in report["models"] for v in m["verdicts"]]
    rows = [
        (m["model"], m["deviceClass"], v["variant"], v["recipe"],
         "rejected" if not v["accepted"] else "ships" if v["variant"] == m["variant"]
         else "reference",
         f"{v['metric']} {v['value']} +-{v['interval']} (floor {m['floor']})",
         v["samples"], v["agreement"], v["cosine"], v["sqnrDb"], v["size"])
        for m, v in tried
    ]  # fmt: skip
    head = ["model", "class", "variant", "recipe", "role", "metric", "samples", "agreement",
            "cosine", "SQNR", "size"]  # fmt: skip
    doubts = [(m["model"], m["deviceClass"], v["variant"], text)
              for m, v in tried for text in v["cautions"]]  # fmt: skip
    built = [(m["model"], m["deviceClass"], s["where"], s["command"], s["needs"])
             for m in report["models"] for s in m["steps"]]  # fmt: skip
    steps = "\n" + table(["model", "class", "built on the", "by", "needs"], built) if built else ""
    said = table(["model", "class", "variant", "in doubt"], doubts) if doubts else ""
    compared = _candidates([m["search"] for m in report["models"] if m["search"]])
    return f"## Models\n\n{table(head, rows)}" + (f"\n{said}" if said else "") + steps + compared


def _candidates(searches: Sequence[Mapping[str, Any]]) -> str:
    """What was tried for each model on each device class, and why not what does not ship."""
    rows = [(s["model"], s["device"], *row) for s in searches for row in candidates.rows(s)]
    against = [f"- {cell(s['model'])} for {cell(s['device'])}: {cell(line)}\n"
               for s in searches for line in candidates.against(s)]  # fmt: skip
    listed = table(["model", "class", *candidates.HEAD], rows)
    return f"\n### Candidates\n\n{listed}" + ("\n" + "".join(against) if against else "")


def _delivery(report: Mapping[str, Any]) -> str:
    rollout = report["rollout"]
    keys = [(k["zone"], k["place"], k["country"], k["custody"]) for k in report["keys"]]
    return (
        "## Keys\n\n" + table(["zone", "place", "country", "custody"], keys)
        + "\n## Bundles and stacks\n\n"
        + table(["what", "size", "SHA-256"],
                [(f"bundle {b['deviceClass']}", b["size"], b["sha256"]) for b in report["bundles"]]
                + [(f"stack {s['cloud']}", f"{s['files']} files", s["sha256"])
                   for s in report["stacks"]])
        + "\n## Rollout\n\n"
        + table(["cohort", "fleet reached", "soak", "stops at failures"],
                [(c["name"], f"{c['percent']} %", c["soak"], c["maxFailures"])
                 for c in rollout["cohorts"]])
        + "\nFreeze windows, the longest times that devices could be kept on an old release "
        "without noticing, by tiers of the update channel:\n\n"
        + table(["tier", "device classes", "freeze window"],
                [(f["tier"], ", ".join(f["deviceClasses"]), f["window"])
                 for f in rollout["freeze"]])
    )  # fmt: skip


def _rest(report: Mapping[str, Any]) -> str:
    warnings = [(f["where"], f["code"], f["message"], f["help"]) for f in report["findings"]]
    defaults = [(d["key"], d["value"], d["reason"]) for d in report["defaults"]]
    facts = [(f["row"], f["asOf"], f["source"]) for f in report["facts"]]
    return (
        "## Warnings\n\n" + table(["where", "rule", "finding", "help"], warnings)
        + _governance(report)
        + "\n## Facts the plan rests on\n\n" + table(["row", "checked", "source"], facts)
        + "\n## Values nobody wrote\n\n" + table(["key", "value", "reason"], defaults)
        + "\n## Not assessed\n\n" + "".join(f"- {cell(x)}\n" for x in report["notAssessed"])
    )  # fmt: skip


def _governance(report: Mapping[str, Any]) -> str:
    """Rules of the user's own, who answers for what, and strangers' rules that were asked."""
    parts = []
    if report["policies"]:
        rows = [(p["id"], p["title"], p["severity"], ", ".join(p["controls"]),
                 ", ".join(p["linddun"]), p["reason"]) for p in report["policies"]]  # fmt: skip
        parts.append("\n## Policies\n\n" + table(
            ["rule", "title", "severity", "controls", "LINDDUN", "reason"], rows))  # fmt: skip
    if report["waivers"]:
        held = [(w["id"], w["type"], ", ".join(w["countries"]), w["owner"], w["approver"],
                 w["ticket"], w["expires"], w["reason"]) for w in report["waivers"]]  # fmt: skip
        parts.append("\n## Waivers\n\n" + table(
            ["waiver", "type", "countries", "owner", "approver", "ticket", "until", "reason"],
            held))  # fmt: skip
    if report["plugins"]:
        asked = [(p["name"], p["package"], p["sha256"]) for p in report["plugins"]]
        parts.append("\n## Plugins\n\n" + table(["plugin", "package", "SHA-256"], asked))
    return "".join(parts)
