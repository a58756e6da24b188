"""The store that a zone's stack made for the channel, by what its project hands out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hybridspec.base.errors import ResourceFailed
from hybridspec.deliver.stores.bearer import blob, gcs
from hybridspec.deliver.stores.s3 import s3
from hybridspec.deliver.stores.store import Dialect, Store

_Open = Callable[[str, str, str, Mapping[str, str]], Dialect]
"""From what the channel and its publisher are called, the region and the environment."""
_KNOWN: Mapping[str, tuple[str, _Open]] = {
    "aws": ("publisher-role", lambda at, who, region, env: s3(at, region, who, env)),
    "azure": ("publisher-identity", lambda at, who, _, env: blob(at, who, env)),
    "gcp": ("publisher", lambda at, who, _, env: gcs(at, who, env)),
}
"""By provider: the output that names who may write, and how its store is spoken to."""


def store(
    provider: str, zone: str, region: str, outputs: Mapping[str, str],
    environment: Mapping[str, str],
) -> Store:  # fmt: skip
    """The channel store of a zone, with credentials to write to it.

    Raises:
        HybridspecError: the project hands out none, or there are no credentials for it.
    """
    publisher, opened = _KNOWN.get(provider, ("", None))
    at, who = outputs.get("channel"), outputs.get(publisher)
    if opened is None or not at or not who:
        raise ResourceFailed(
            f"zone `{zone}`: its stack hands out no channel store of {provider} to publish to",
            help="report this: a zone with devices has one",
        )
    return Store(zone, opened(at, who, region, environment))
