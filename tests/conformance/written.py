"""Writes a pickled publication to a channel; run as a process, so that it can be killed."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hybridspec.deliver.publish import tidy, write_publication

if __name__ == "__main__":
    channel = Path(sys.argv[1])
    publication: Any = SimpleNamespace(**pickle.loads(Path(sys.argv[2]).read_bytes()))
    tidy(channel)
    write_publication(channel, publication)
