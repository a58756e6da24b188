"""The example's report, with every section filled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def report(built: Path) -> dict[str, Any]:
    """As the example gives it, and one warning that the example does not."""
    document: dict[str, Any] = json.loads((built / "report" / "report.json").read_bytes())
    warning = {"code": "HS0307", "severity": "warning", "message": "`spare` is used by no flow",
               "help": "remove it", "where": "hybridspec.yaml:12"}  # fmt: skip
    return {**document, "findings": [warning]}
