"""HS0426: more is born at a site than its network carries to the devices.

What it flags: a site whose `lan_bandwidth` is less than what its flows' data takes; 80 % of it are
planned with.
Why: every event reaches a device over that network, wherever it is worked on then.
Example: `lan_bandwidth: 100Mbit/s` at a site with 50 cameras of 4 Mbit/s each.
Fix: write the bandwidth of a wider network, or let fewer or smaller events be born there.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import ceil

from hybridspec.base.diagnostic import Diagnostic
from hybridspec.base.units import exceeding, write_bandwidth
from hybridspec.ir.graph import Graph
from hybridspec.ir.share import MAX_UPLINK


def network_exceeded(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one finding per site."""
    limited = {site.name: site for site in graph.sites if site.lan is not None}
    if not limited:
        return
    born = dict.fromkeys(limited, Fraction(0))
    for flow in graph.flows:
        for site in flow.sites:
            if site.name in born:
                born[site.name] += flow.data.rate * flow.data.size * 8
    for name, bits in born.items():
        site = limited[name]
        if site.lan is not None and bits > MAX_UPLINK * site.lan:
            more, less = exceeding(bits, MAX_UPLINK * site.lan)
            yield Diagnostic(
                code="HS0426",
                message=f"the flows of `{name}` bring {more} onto its network, which may "
                f"carry {less}",
                span=site.lan_origin or site.origin,
                help=f"raise `lan_bandwidth` to {write_bandwidth(ceil(bits / MAX_UPLINK))}, or "
                "let less be born there",
            )
