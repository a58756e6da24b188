"""A channel and the stores that it is brought to: what tests of both sides of it share."""

from __future__ import annotations

import os

from conformance.channels import CAMERA, Publisher
from engine.object_stores import Stores

from hybridspec.deliver.stores.provider import store
from hybridspec.deliver.stores.store import Store
from hybridspec.deliver.stores.upload import parts, upload

ROLE = "arn:aws:iam::111122223333:role/publisher"
OUTPUTS = {
    "aws": {"channel": "bucket", "publisher-role": ROLE},
    "azure": {"channel": "https://account.blob.core.windows.net/ota",
              "publisher-identity": "client"},
    "gcp": {"channel": "bucket", "publisher": "publish@project.iam.gserviceaccount.com"},
}  # fmt: skip
CLOUDS = tuple(OUTPUTS)
NOWHERE = {"PATH": os.defpath}


def there(cloud: str, environment: dict[str, str]) -> Store:
    return store(cloud, "eu", "eu-west-1", OUTPUTS[cloud], environment)


def held(stores: Stores) -> dict[str, bytes]:
    """Every object, by its path in the channel."""
    return {
        path.removeprefix("ota/"): kept.data
        for objects in stores.objects.values() for path, kept in objects.items()
    }  # fmt: skip


def bring(publisher: Publisher, to: Store, *classes: str) -> int:
    found = parts(publisher.channel, classes or (CAMERA,))
    assert found
    return sum(upload(to, what, lambda _: None) for what in found.values())
