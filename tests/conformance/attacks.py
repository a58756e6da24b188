"""Every attack on a channel: how it is mounted, and the reason that a device gives for refusing."""

from __future__ import annotations

from collections.abc import Callable

from conformance.attacks_on_content import CONTENT
from conformance.attacks_on_metadata import METADATA
from conformance.field import Field

ATTACKS: dict[str, tuple[Callable[[Field], None], str, str]] = METADATA | CONTENT
