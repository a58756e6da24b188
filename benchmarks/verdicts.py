"""Validates 2,000 flows under eight regimes, cold; prints the time and how often YAML's it is.

The whole process is timed: reading, resolving, labels, twelve facets of every asset, placement.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from whole_process import validated

FLOWS, RUNS = 2_000, 5
SECONDS = 2.0

ZONES = {
    "eu": ("[EU]", "gdpr", "DE", "gateway"),
    "uk": ("[GB]", "uk-gdpr", "GB", "gateway"),
    "brazil": ("[BR]", "lgpd", "BR", "gateway"),
    "china": ("[CN]", "pipl", "CN", "gateway"),
    "india": ("[IN]", "dpdp", "IN", "gateway"),
    "clinics": ("[US]", "hipaa", "US", "gateway"),
    "mills": ("[EU]", "nis2", "FR", "gateway"),
    "machines": ("[EU]", "data-act", "IE", "gateway"),
}
"""Zone: countries, its regime, the country of its sites and their device class."""

STORELESS = ("china",)
"""Zones in which no region that the example lists lies: what they make stays at the sites."""

DOCUMENT = "{kind: audit-log, document: https://example.org/audit.md}"
REGIONS = {
    "aws": ("aws", ("eu-central-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1",
                    "ap-south-1", "us-east-1")),
}  # fmt: skip
CATEGORIES = (
    "system.operations", "user.contact", "user.health_and_medical", "user.biometric",
    "user.location", "user.unique_id",
)  # fmt: skip

HEAD = """\
apiVersion: hybridspec.dev/v1
metadata: {name: wide, owner: bench@example.org, as_of: 2026-11-01}
devices:
  gateway:
    board: raspberry-pi-5
    max_offline: P1D
    uplink: {bandwidth: 1Gbit/s, rtt: 35ms}
rollout:
  cohorts:
    - {name: fleet, percent: 100, max_failures: 0.05}
"""


def write_spec(folder: Path, flows: int = FLOWS) -> Path:
    """A spec of `flows` flows over eight zones with a regime and fifty sites each."""
    lines = [HEAD, "zones:\n"]
    for name, (countries, regime, _, _) in ZONES.items():
        lines.append(
            f"  {name}: {{countries: {countries}, regimes: [{regime}], "
            f"retention: P30D, evidence: [{DOCUMENT}]}}\n"
        )
    lines.append("clouds:\n")
    for cloud, (provider, regions) in REGIONS.items():
        lines.append(f"  {cloud}: {{provider: {provider}, regions: [{', '.join(regions)}]}}\n")
    lines.append("sites:\n")
    for zone, (_, _, country, device) in ZONES.items():
        lines += [
            f"  {zone}-{number:02}: {{country: {country}, zone: {zone}, devices: {{{device}: 4}}, "
            "energy_price: 0.2 USD}\n" for number in range(50)
        ]  # fmt: skip
    lines.append("data:\n")
    for zone in ZONES:
        lines += [
            f"  {_asset(zone, category)}: {{category: {category}, size: 1KiB, rate: 0.1/s}}\n"
            for category in CATEGORIES
        ]
    lines.append("flows:\n")
    names = tuple(ZONES)
    for number in range(flows):
        zone = names[number % len(names)]
        asset = _asset(zone, CATEGORIES[number // len(names) % len(CATEGORIES)])
        lines.append(
            f"  flow-{number:04}:\n    data: {asset}\n    sites: [{zone}-{number % 50:02}]\n"
            "    stages:\n"
            f"      clean: {{transform: normalise, inputs: [{asset}]}}\n"
            "      sums: {transform: aggregate, inputs: [clean], every: PT1H}\n"
            f"      keep: {{sink: {'alert' if zone in STORELESS else 'store'}, inputs: [sums]}}\n"
        )
    spec = folder / "hybridspec.yaml"
    spec.write_text("".join(lines), encoding="utf-8")
    return spec


def _asset(zone: str, category: str) -> str:
    return f"{zone}-{category.rsplit('.', 1)[-1].replace('_', '-')}"


def read(spec: Path) -> float:
    """Seconds that reading the YAML alone takes."""
    from hybridspec.base.diagnostic import Sink
    from hybridspec.base.source import SourceFile
    from hybridspec.load.yaml import parse

    text = spec.read_text(encoding="utf-8")
    start = time.perf_counter()
    sink = Sink()
    if parse(SourceFile(shown=spec.name, name=spec.name, text=text), sink) is None:
        raise SystemExit("the YAML is not read")
    return time.perf_counter() - start


def main() -> None:
    """Print both figures."""
    with tempfile.TemporaryDirectory() as work:
        spec = write_spec(Path(work))
        seconds, megabytes = zip(*(validated(spec) for _ in range(RUNS)), strict=True)
        yaml = statistics.median(read(spec) for _ in range(RUNS))
    found = statistics.median(seconds)
    verdict = "met" if found < SECONDS else "MISSED"
    print(
        f"hybridspec validate, {FLOWS:,} flows x 12 facets x {len(ZONES)} regimes: {found:.2f} s, "
        f"bar {SECONDS:g} s: {verdict}; {found / yaml:.1f} times reading the YAML ({yaml:.2f} s); "
        f"{max(megabytes):.0f} MB"
    )


if __name__ == "__main__":
    main()
