"""What signing a request means, in words: roles, versions, expiry, who may sign, what is released.

Worked out from the metadata itself, by whoever is asked to sign; nothing else in a request counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hybridspec.base.source import printable
from hybridspec.bundle.repository import CUSTOM, DEVELOPMENT
from hybridspec.bundle.request import Part, Request
from hybridspec.bundle.signing import TIER


def meaning(request: Request) -> tuple[str, ...]:
    """One line a fact; lines of a role follow the role, indented."""
    return tuple(
        printable(line) for folder, part in request.parts.items() for name in part.roles
        for line in _role(request, folder, part, name)
    )  # fmt: skip


def _role(request: Request, folder: str, part: Part, name: str) -> Iterator[str]:
    made = part.roles[name].signed
    before = part.before[name].signed if name in part.before else None
    since = "new" if before is None else f"follows version {before.version}"
    until = f"valid until {made.expires:%Y-%m-%d %H:%M} UTC"
    yield f"{folder}{name}: version {made.version}, {since}, {until}"
    if made.unrecognized_fields.get(DEVELOPMENT):
        yield "  for development only: production devices refuse it"
    if made.type == "root":
        tier = made.unrecognized_fields.get(TIER)
        then = before.unrecognized_fields.get(TIER) if before is not None else tier
        if tier is not None or then is not None:
            yield f"  for devices of tier {tier}" + ("" if then == tier else
                                                     f" (CHANGES: before, {then})")  # fmt: skip
        for role in sorted(made.roles):
            yield from _signers(request, role, made, before)
    elif made.type == "targets":
        yield from _delegations(request, made, before)
        yield from _releases(made, before)
    elif made.type == "snapshot":
        yield "  lists " + ", ".join(f"{n.removesuffix('.json')} {m.version}"
                                     for n, m in sorted(made.meta.items()))  # fmt: skip
    said: set[str] = set()
    for ask in part.asks(name):
        done = [request.who(keyid) for keyid in part.valid(name, ask)]
        rest = [request.who(keyid) for keyid in ask.keys if request.who(keyid) not in done]
        line = (f"  signed by {', '.join(done) or 'nobody'}; {part.missing(name, ask)} more of: "
                f"{', '.join(rest) or 'nobody'}")  # fmt: skip
        if line not in said:  # the keys of the old root and of the new one may be the same
            said.add(line)
            yield line


def _signers(request: Request, role: str, made: Any, before: Any) -> Iterator[str]:
    """Who signs for a role from now on, and what changes about it."""
    now = _keys(made, role) or []
    then = _keys(before, role) if before is not None else None
    count, names = made.get_delegated_role(role).threshold, ", ".join(map(request.who, now))
    line = f"  {role}: {count} of {len(now)} sign: {names}"
    if then is None:
        yield f"{line} (new)" if before is not None else line
        return
    changes = [f"adds {request.who(k)}" for k in now if k not in then]
    changes += [f"drops {request.who(k)}" for k in then if k not in now]
    former = before.get_delegated_role(role).threshold
    if former != count:
        changes.append(f"threshold {former} becomes {count}")
    yield line + (f" (CHANGES: {', '.join(changes)})" if changes else "")


def _keys(delegator: Any, role: str) -> list[str] | None:
    try:
        return list(delegator.get_delegated_role(role).keyids)
    except ValueError:
        return None


def _delegations(request: Request, made: Any, before: Any) -> Iterator[str]:
    roles = made.delegations.roles if made.delegations else {}
    for role in sorted(roles or {}):
        yield from _signers(request, role, made, before)
        hashed = [f"paths whose hash begins with {p}" for p in roles[role].path_hash_prefixes or []]
        yield f"    for {', '.join([*(roles[role].paths or []), *hashed])}"
    gone = set(before.delegations.roles if before and before.delegations else {}) - set(roles or {})
    yield from (f"  CHANGES: {role} may release nothing any more" for role in sorted(gone))


def _releases(made: Any, before: Any) -> Iterator[str]:
    """What a class's role offers: every pointer with its release, and the one before."""
    for path, target in sorted(made.targets.items()):
        block = target.custom.get(CUSTOM) if isinstance(target.custom, dict) else None
        pointer = path.endswith(("/current/manifest.json", "/stable/manifest.json"))
        if not pointer or not isinstance(block, dict):
            continue
        verb = "offers" if "/current/" in path else "offers to everybody else"
        said = _release(block)
        old = before.targets.get(path) if before is not None else None
        then = old.custom.get(CUSTOM) if old and isinstance(old.custom, dict) else None
        former = _release(then) if isinstance(then, dict) else "nothing"
        yield f"  {verb} {said}" + ("" if former == said else f" (CHANGES: before, {former})")


def _release(block: Any) -> str:
    said = (f"release {block.get('release')}, counter {block.get('release_counter')}, "
            f"security epoch {block.get('security_epoch')}")  # fmt: skip
    rollout = block.get("rollout")
    if isinstance(rollout, dict) and rollout.get("percent") != 100:
        said += f", to {rollout.get('percent')} % of the fleet"
    back = block.get("rollback_allowed_to")
    return said if back is None else f"{said}, allows going back to {back}"
