"""Deltas of a release from those that its channel lists, made once and kept by their digests."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from tuf.api.metadata import Metadata, Targets

from hybridspec.bundle import delta
from hybridspec.bundle.keys import class_role
from hybridspec.bundle.offers import ARCHIVE, ClassRelease, Extra, Offers
from hybridspec.deliver.durable import write_durably
from hybridspec.ir.tree import digest_of


def deltas(
    channel: Path, metadata: Mapping[str, bytes], release: ClassRelease, cache: Path
) -> tuple[Extra, ...]:
    """A delta from each listed release whose bundle is there and from which one pays."""
    data = metadata.get(class_role(release.device_class))
    role = Metadata[Targets].from_bytes(data).signed if data is not None else None
    offers = Offers.of(release.device_class, role)
    found = []
    for name in sorted(offers.listed):
        base = str(offers.block(name)["tar_sha256"])
        archive = offers.listed[name][ARCHIVE].hashes["sha256"]
        bundle = channel / "targets" / release.device_class / name / f"{archive}.{ARCHIVE}"
        if name == release.release or not bundle.is_file():
            continue
        made = _kept(bundle, archive, base, release, cache)
        if made is not None:
            found.append(Extra(
                name=f"from-{name}.delta", data=made, sha256=digest_of(made),
                size=made.stat().st_size, block={"base_digest": base},
            ))  # fmt: skip
    return tuple(found)


def _kept(bundle: Path, archive: str, base: str, release: ClassRelease, cache: Path) -> Path | None:
    """The delta from the cache or made now; an empty file remembers that none pays."""
    path = cache / f"{base[:32]}-{release.digest.tar_sha256[:32]}.delta"
    if not path.is_file():
        if digest_of(bundle) != archive:
            return None
        limit = int(delta.WORTH * release.digest.archive_size)
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as work:
            old, new = (delta.opened(one, Path(work)) for one in (bundle, release.bundle))
            made = delta.make(old, base, new, release.digest.tar_sha256, limit)
        write_durably(path, made or b"")
    return path if path.stat().st_size else None
