"""Bundles and the update channel: deterministic archives, the OTA manifest, TUF metadata."""
