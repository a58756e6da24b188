"""HS0311: a zone under the GDPR lists countries whose transfers nobody has justified.

What it flags: a zone with regime `gdpr` that lists a country outside the EEA.
Why: chapter V of the GDPR (Regulation (EU) 2016/679, art. 44-49) allows a transfer only with an
adequacy decision or safeguards. The spec cannot state those yet, and unknown is not allowed.
Example: `zones.eu: {countries: [EU, CH], regimes: [gdpr]}`.
Fix: list only countries of the EEA, and give the others a zone of their own.
"""

from __future__ import annotations

from collections.abc import Iterator

from hybridspec.base.country import BLOCS
from hybridspec.base.diagnostic import Diagnostic
from hybridspec.ir.graph import Graph


def transfer_unproven(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one finding per GDPR zone that reaches beyond the EEA."""
    for zone in graph.zones:
        outside = [country for country in zone.countries if country not in BLOCS["EEA"]]
        if "gdpr" in zone.regimes and outside:
            yield Diagnostic(
                code="HS0311",
                message=f"zone `{zone.name}` is under the GDPR but lists "
                f"{', '.join(outside[:8])} outside the EEA, and no transfer mechanism is stated",
                span=zone.countries_origin,
                help=f"remove {', '.join(outside[:8])} from this zone, and put what happens there "
                "into a zone of its own",
            )
