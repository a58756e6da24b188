"""Findings as SARIF 2.1.0, for code scanning: rules with their pages, regions, and fixes.

Format: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from hybridspec.base.codes import CODES
from hybridspec.base.diagnostic import Diagnostic, Edit, Suppression
from hybridspec.base.source import Span

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(findings: Sequence[Diagnostic], pages: Mapping[str, str], version: str) -> dict[str, Any]:
    """One run with all findings; `pages` are the explanations of codes."""
    used = sorted({finding.code for finding in findings})
    index = {code: number for number, code in enumerate(used)}
    driver = {
        "name": "hybridspec",
        "version": version,
        "rules": [_rule(code, pages.get(code, "")) for code in used],
    }
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": driver},
            "columnKind": "unicodeCodePoints",
            "results": [_result(finding, index) for finding in findings],
        }],
    }  # fmt: skip


def _rule(number: str, page: str) -> dict[str, Any]:
    code = CODES[number]
    return {
        "id": number,
        "name": "".join(word.capitalize() for word in code.offence.split("-")),
        "shortDescription": {"text": code.title},
        "help": {"text": page or code.title},
        "defaultConfiguration": {"level": code.severity},
        "properties": {"tags": ["policy" if code.policy else "spec"]},
    }


def _result(finding: Diagnostic, index: Mapping[str, int]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": index[finding.code],
        "level": str(finding.severity),
        "message": {"text": f"{finding.message}\nhelp: {finding.help}"},
    }
    if finding.span is not None:
        result["locations"] = [{"physicalLocation": _place(finding.span)}]
    if finding.notes:
        result["relatedLocations"] = [
            {"id": number, "message": {"text": note.message},
             "physicalLocation": _place(note.span)}
            for number, note in enumerate(finding.notes)
        ]  # fmt: skip
    if finding.waived is not None:
        result["suppressions"] = [_suppression(finding.waived)]
    if finding.fixes:
        result["fixes"] = [_fix(finding)]
        result["properties"] = {"certain": finding.certain}
    return result


def _suppression(waived: Suppression) -> dict[str, Any]:
    """A waiver, which stands in the spec itself."""
    return {
        "kind": "inSource",
        "status": "accepted",
        "justification": waived.reason,
        "location": {"physicalLocation": _place(waived.origin)},
        "properties": waiver_data(waived),
    }


def waiver_data(waived: Suppression) -> dict[str, str]:
    """Who answers for a finding, until when, and how bad it is without them."""
    return {
        "type": waived.type, "reason": waived.reason, "owner": waived.owner,
        "approver": waived.approver, "ticket": waived.ticket, "expires": waived.expires,
        "was": str(waived.was), "where": waived.origin.ref,
    }  # fmt: skip


def _fix(finding: Diagnostic) -> dict[str, Any]:
    files: dict[str, list[Edit]] = {}
    for edit in finding.fixes:
        files.setdefault(_uri(edit.span), []).append(edit)
    return {
        "description": {"text": finding.help},
        "artifactChanges": [
            {"artifactLocation": {"uri": uri},
             "replacements": [{"deletedRegion": _region(edit.span),
                               "insertedContent": {"text": edit.text}} for edit in edits]}
            for uri, edits in files.items()
        ],
    }  # fmt: skip


def _place(span: Span) -> dict[str, Any]:
    return {"artifactLocation": {"uri": _uri(span)}, "region": _region(span)}


def _uri(span: Span) -> str:
    path = PurePath(span.file.shown)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
