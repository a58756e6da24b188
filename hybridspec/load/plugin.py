"""Plugins: rules in Python that the user has installed, found by name and told apart by a hash.

Nothing is imported before its distribution is hashed, and nothing that nobody asked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from importlib.metadata import Distribution, EntryPoint, entry_points
from pathlib import Path

from hybridspec.base.closest import closest
from hybridspec.base.diagnostic import Diagnostic, Sink
from hybridspec.base.source import Span
from hybridspec.ir.governance import Plugin, PluginUse

GROUP = "hybridspec.rules"
_MADE = ("INSTALLER", "RECORD", "REQUESTED", "direct_url.json")
"""Files of a distribution that differ from one machine to the next."""


def available() -> tuple[tuple[str, str, str], ...]:
    """Every installed plugin: name, distribution with version, hash (empty: cannot be told)."""
    found = sorted(entry_points(group=GROUP), key=lambda e: (e.name, e.value))
    return tuple((e.name, _title(e.dist), digest(e) or "") for e in found)


def load_plugins(used: Sequence[PluginUse], asked: Sequence[str], sink: Sink) -> tuple[Plugin, ...]:
    """The plugins that the spec uses and those that the command line asks for, by name."""
    wanted = {use.name: use for use in used}
    for name in asked:
        wanted.setdefault(name, PluginUse(name=name, sha256=None, origin=None))
    found = (_plugin(wanted[name], sink) for name in sorted(wanted))
    return tuple(plugin for plugin in found if plugin is not None)


def digest(entry: EntryPoint) -> str | None:
    """SHA-256 over a distribution's files; None if they do not hold the plugin's module.

    An editable installation keeps its code elsewhere, where it can change without a trace.
    """
    files = entry.dist.files if entry.dist is not None else None
    if entry.dist is None or not files:
        return None
    module = entry.module.replace(".", "/")
    total, holds = hashlib.sha256(), False
    for file in sorted(files, key=str):
        path = Path(str(entry.dist.locate_file(file)))
        if file.suffix == ".pyc" or (".dist-info" in str(file) and file.name in _MADE):
            continue
        if not path.is_file():
            return None
        holds = holds or str(file) in (f"{module}.py", f"{module}/__init__.py")
        total.update(f"{file}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest() if holds else None


def _plugin(use: PluginUse, sink: Sink) -> Plugin | None:
    found = [entry for entry in entry_points(group=GROUP) if entry.name == use.name]
    if len(found) != 1:
        names = sorted({entry.name for entry in entry_points(group=GROUP)})
        near = closest(use.name, names)
        _fault(use.name, use.origin, sink, *(
            (f"is offered by {len(found)} packages", "uninstall all but one") if found else
            ("is not installed", f"did you mean `{near}`?" if near else "install the package that "
             f"has it; installed: {', '.join(names) or 'none'}")))  # fmt: skip
        return None
    entry, known = found[0], digest(found[0])
    if known is None:
        _fault(use.name, use.origin, sink, "cannot be hashed, since its code lies outside its "
               "package", "install it as a wheel, not as editable")  # fmt: skip
        return None
    if use.sha256 is not None and use.sha256 != known:
        _fault(use.name, use.origin, sink, "is not the one that the spec names",
               f"review it, then write `sha256: {known}`")  # fmt: skip
        return None
    return _imported(use, entry, known, sink)


def _imported(use: PluginUse, entry: EntryPoint, known: str, sink: Sink) -> Plugin | None:
    try:
        rule = entry.load()
    except (Exception, SystemExit) as fault:  # a stranger's code may raise anything
        _fault(use.name, use.origin, sink, f"cannot be imported ({type(fault).__name__})",
               "repair it, or stop using it")  # fmt: skip
        return None
    if not callable(rule):
        _fault(use.name, use.origin, sink, "is not callable",
               "its entry point has to name a function of the placement")  # fmt: skip
        return None
    return Plugin(name=use.name, distribution=_title(entry.dist), sha256=known, rule=rule,
                  origin=use.origin)  # fmt: skip


def _title(distribution: Distribution | None) -> str:
    if distribution is None:
        return "unknown"
    return f"{distribution.metadata['Name']} {distribution.version}"


def _fault(name: str, origin: Span | None, sink: Sink, what: str, help: str) -> None:
    sink.add(Diagnostic(code="HS0352", message=f"plugin `{name[:60]}` {what}", span=origin,
                        help=help))  # fmt: skip


def names() -> Iterator[str]:
    """The names of the installed plugins; nothing is imported."""
    yield from sorted({entry.name for entry in entry_points(group=GROUP)})
