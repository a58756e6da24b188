"""What the plan buys and takes of quotas, for the report; empty where it decides neither."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hybridspec.ir.plan import Plan


def capacity(plan: Plan) -> dict[str, list[dict[str, str]]]:
    """Devices whose number was decided, and quotas with what the plan takes of them."""
    return {
        "devices": [
            {"site": c.site, "deviceClass": c.device, "count": str(c.count),
             "range": f"{c.least} to {c.most}"} for c in plan.counts
        ],
        "quotas": [
            {"quota": q.kind, "regions": ", ".join(q.regions), "used": f"{q.used / 10**6:g}",
             "stated": str(q.stated)} for q in plan.quotas
        ],
    }  # fmt: skip


def rows(report: Mapping[str, Any]) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """The same as rows of two tables: devices to buy, and quotas."""
    said = report["capacity"]
    return (
        [(d["site"], d["deviceClass"], d["count"], d["range"]) for d in said["devices"]],
        [(q["quota"], q["regions"], q["used"], q["stated"]) for q in said["quotas"]],
    )


DEVICES = ["site", "device class", "to stand there", "may be"]
QUOTAS = ["quota", "regions", "taken", "of"]
