"""Slices of a plan as a cloud's target gets them, made by hand so that every corner is reached."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hybridspec.deliver.write import write_tree
from hybridspec.emit.stacks import emit_cloud
from hybridspec.ir.plan import CloudService, CloudSlice, TrainingJob, ZoneSlice
from hybridspec.target.registry import targets

LONGEST = "a" * 19 + "-" + "b" * 20
"""As long as a name of the spec may be."""


def job(model: str, image: str = "train/m:1", hours: int = 2, every: int = 720) -> TrainingJob:
    """A training job of a model."""
    return TrainingJob(model=model, image=image, instance="ml.m5.xlarge", hours=hours, every=every,
                       origin="hybridspec.yaml:41")  # fmt: skip


def service(flow: str = "watch", **changes: object) -> CloudService:
    """One model of a flow that is computed in the region, billed by request."""
    made = CloudService(
        flow=flow,
        stages=(("diagnose", "hybridspec.yaml:44"),),
        models=(("fault", "fp32"),),
        image="serve/watch:1",
        port=8080,
        memory=200 * 2**20,
        timeout=60,
        least=0,
        most=4,
        machine="",
        origin="hybridspec.yaml:43",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def zone(name: str = "eu-plants", **changes: object) -> ZoneSlice:
    """A zone in Frankfurt with one store, one device class and one trained model."""
    made = ZoneSlice(
        zone=name,
        countries=("DE", "FR"),
        regimes=("gdpr",),
        region="eu-central-1",
        country="DE",
        retention_days=30,
        least_days=0,
        device_classes=("gateway",),
        models=("fault",),
        stores=(),
        training=(job("fault"),),
        origin="hybridspec.yaml:10",
        store_origin="hybridspec.yaml:50",
        devices_origin="hybridspec.yaml:18",
        offered=("inspector2", "macie2"),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def part(*zones: ZoneSlice, **changes: object) -> CloudSlice:
    """The slice of one cloud."""
    made = CloudSlice(
        spec="watch",
        owner="plant@example.org",
        stack="local",
        backend="",
        config=(),
        cloud="aws",
        provider="aws",
        account="",
        partition="aws",
        spec_digest="0" * 64,
        plan_digest="1" * 64,
        zones=zones or (zone(),),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


SLICES = {
    "one zone": part(),
    "no training": part(zone(training=())),
    "no models, no devices": part(zone(models=(), training=(), device_classes=())),
    "kept for ever": part(zone(retention_days=None)),
    "several of each": part(
        zone(device_classes=("a", "b", "c"), models=("x", "y"), training=(job("x"), job("y"))),
        zone("us-plants", countries=("US",), region="us-east-1", country="US", regimes=()),
    ),
    "services": part(
        zone(services=(service(), service("kept", machine="c6i.xlarge", least=2, most=2),
                       service("unnamed", image="")), class_flows=(("gateway", ("watch",)),)),
        contact="plant@example.org", budget=120 * 10**6,
    ),
    "longest names": part(
        zone(LONGEST, device_classes=(LONGEST, LONGEST[::-1]), models=(LONGEST,),
             training=(job(LONGEST, image=f"{LONGEST}/{LONGEST}:{LONGEST}"),)),
        spec=LONGEST,
    ),
    "names that read alike": part(
        zone("eu", models=("plants-fault",), device_classes=("plants-a",),
             training=(job("plants-fault"),)),
        zone("eu-plants", device_classes=("a",)),
        zone("eu--plants", device_classes=("a",)),
    ),
}  # fmt: skip


HOMES = {
    "azure": ({"eu-central-1": "germanywestcentral", "us-east-1": "eastus"}, "standard-d4s-v3"),
    "gcp": ({"eu-central-1": "europe-west3", "us-east-1": "us-east1"}, "e2-standard-4"),
}
"""What the regions and the training machine of the slices above are called elsewhere."""
OFFERED = {"gcp": ("cloudscheduler", "dlp", "eventarc", "run", "workflows")}
"""What the catalogue says that these regions have, by cloud."""


def moved(made: CloudSlice, cloud: str) -> CloudSlice:
    """The same slice for another cloud, in the regions of the same countries."""
    regions, instance = HOMES[cloud]
    zones = tuple(
        replace(z, region=regions[z.region], offered=OFFERED.get(cloud, z.offered),
                training=tuple(replace(job, instance=instance) for job in z.training))
        for z in made.zones
    )  # fmt: skip
    return replace(made, cloud=cloud, provider=cloud, partition=cloud, account="own-1", zones=zones)


def written(made: CloudSlice, folder: Path) -> Path:
    """Emit a slice into a folder."""
    tree, _ = emit_cloud(targets()[made.provider], made)
    write_tree(folder, tree)
    return folder
