"""What share of devices and lines plans may fill."""

from __future__ import annotations

from fractions import Fraction

MAX_BUSY = Fraction(7, 10)
"""Share of a device's time that may be busy; above it queues outgrow any estimate."""
MAX_UPLINK = Fraction(8, 10)
"""Share of an uplink, or of a site's network, that flows may fill."""

MOST_DEVICES = 1_000_000
"""Devices of a class that a spec may state for a site."""

SMALL_EVENT = 2**20
"""Bytes of one event, as a stage reads and makes it, that need no memory of their own."""
