"""What a child said last, as evidence may carry it: one line, short, without this machine's paths.

Evidence is kept by content, attested and compared between machines: where a cache lies is nobody's
business, and would make two equal builds differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

MOST = 200
_FILE = re.compile(r"""(?<![\w.:/])/(?:[^\s/'"`:,;()\[\]<>]+/)+([^\s/'"`:,;()\[\]<>]*)""")
"""An absolute path; its last part says which file is meant."""


def last_words(said: str, silent: str = "it crashed", paths: Iterable[Path] = ()) -> str:
    """The last line; of paths, those that are known first, only the name.

    >>> last_words("...\\nNo such file: /root/.cache/hs/variants/ab12/model.onnx")
    'No such file: model.onnx'
    >>> last_words("")
    'it crashed'
    """
    lines = said.strip().splitlines()
    return without_paths(lines[-1], paths)[:MOST] if lines else silent


def without_paths(text: str, paths: Iterable[Path] = ()) -> str:
    """The same with the last part of each absolute path alone."""
    for path in sorted(map(str, paths), key=len, reverse=True):
        text = text.replace(path, Path(path).name)
    return _FILE.sub(r"\1", text)
