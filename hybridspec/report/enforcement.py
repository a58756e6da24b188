"""The report's section on enforcement: each claim, what keeps it true, and what nothing does."""

from __future__ import annotations

from typing import Any

from hybridspec.ir.plan import Plan
from hybridspec.target.registry import targets


def enforcement(plan: Plan) -> dict[str, Any]:
    """Claims of the matrix with their guards, and each guard that is named, with its source.

    Guards of clouds are proved to be there when the emitted programs are evaluated, by `preview`
    and `up`, those of devices when the bundles are made.
    """
    claims = [row for row in plan.residency if row.guards or row.unenforced]
    named = {guard for row in claims for guard in row.guards}
    known = {f"{target.name}:{guard.id}": guard
             for target in targets().values() for guard in target.guards}  # fmt: skip
    return {
        "enforced": sum(not row.unenforced for row in claims),
        "unenforced": sum(bool(row.unenforced) for row in claims),
        "claims": [
            {"zone": row.zone, "asset": row.asset, "facet": row.facet, "places": list(row.places),
             "guards": list(row.guards), "unenforced": row.unenforced}
            for row in claims
        ],
        "guards": [
            {"guard": name, "title": guard.title, "source": guard.source}
            for name, guard in sorted(known.items()) if name in named
        ],
    }  # fmt: skip
