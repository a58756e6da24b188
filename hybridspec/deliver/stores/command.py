"""What a cloud's own command-line tool says: where short-lived credentials come from."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence

from hybridspec.base.errors import AuthenticationFailed
from hybridspec.deliver.engine.fault import explained

_LIMIT_S = 60.0


def said(
    words: Sequence[str], environment: Mapping[str, str], cloud: str, instead: str
) -> str:  # fmt: skip
    """What a command prints, which may be a secret: it is shown to nobody.

    Raises:
        AuthenticationFailed: it is not there, or it does not know who asks.
    """
    program = shutil.which(words[0], path=environment.get("PATH", ""))
    if program is None:
        raise AuthenticationFailed(
            f"there are no credentials with which to publish to {cloud}",
            help=f"set {instead}; or install `{words[0]}` and sign in with it",
        )
    try:
        ran = subprocess.run(
            [program, *words[1:]], env=dict(environment), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, errors="replace", timeout=_LIMIT_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise AuthenticationFailed(
            f"`{' '.join(words[:3])}` gave no credentials within {_LIMIT_S:.0f} s",
            help=f"run it by hand and see what it waits for; or set {instead}",
        ) from None
    if ran.returncode == 0 and ran.stdout.strip():
        return ran.stdout.strip()
    lines = [line.strip() for line in ran.stderr.splitlines() if line.strip()]
    cause = next((x for x in lines if x.upper().startswith("ERROR")), (lines or ["no reason"])[-1])
    where = f"`{' '.join(words[:3])}` gave no credentials: "
    known = explained(ran.stderr, where, cause[:300])
    raise AuthenticationFailed(
        known.message if known is not None else f"{where}{cause[:300]}",
        help=known.help if known is not None else f"sign in with it again; or set {instead}",
    )
