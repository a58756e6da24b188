"""Variables: the declared ones get their value, and the text that names them is filled in."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from hybridspec.base.closest import closest
from hybridspec.base.diagnostic import Diagnostic, Label, Sink
from hybridspec.base.source import Path, Span
from hybridspec.load.yaml import Document, Plain, Template, resolve_scalar
from hybridspec.spec.quantity import NAME_PATTERN

_MARK = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")
_FIXED = ("$schema", "apiVersion", "include", "variables")
"""Sections that are read before any variable has a value."""
_LONGEST = 1_000
_TOTAL = 4 * 2**20
"""Characters of one value, and of everything that values are filled into."""
SECRET = "secret://"  # noqa: S105


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A document without variables.

    `taken` is what the environment gave (None: nothing), by name; `uses` tells of each value that
    was filled in which variables stand behind it, and `faulty` where a finding says why not.
    """

    document: Document
    taken: tuple[tuple[str, str | None], ...] = ()
    uses: Mapping[Span, tuple[Label, ...]] = field(default_factory=dict)
    faulty: frozenset[Span] = frozenset()


def fill(document: Document, environment: Mapping[str, str], sink: Sink) -> Filled:
    """Replace every `${name}` by its value; faults go to `sink`."""
    value = document.value
    if not isinstance(value, dict):
        return Filled(document=document)
    declared = value.get("variables")
    filler = _Filler(document, sink)
    if isinstance(declared, dict):
        for name, written in declared.items():
            filler.declare(name, written, environment)
    if document.templated:
        value = {key: filler.fixed(item, (key,)) if key in _FIXED else filler.filled(item, (key,))
                 for key, item in value.items()}  # fmt: skip
    done = Document(value, document.origins, document.nodes)
    return Filled(
        document=done, taken=tuple(sorted(filler.taken.items())), uses=filler.uses,
        faulty=frozenset(filler.faulty),
    )  # fmt: skip


@dataclass(slots=True)
class _Filler:
    document: Document
    sink: Sink
    texts: dict[str, str | None] = field(default_factory=dict)
    taken: dict[str, str | None] = field(default_factory=dict)
    uses: dict[Span, tuple[Label, ...]] = field(default_factory=dict)
    faulty: set[Span] = field(default_factory=set)
    _labels: dict[str, Label] = field(default_factory=dict)
    _done: dict[int, Plain] = field(default_factory=dict)
    _left: int = _TOTAL

    def declare(self, name: str, written: Plain, environment: Mapping[str, str]) -> None:
        """Give a variable its value, or None where its declaration is at fault."""
        self.texts[name] = None
        if not isinstance(written, dict):
            return
        env, default = written.get("env"), written.get("default")
        span = self.document.origins.key("variables", name)
        text = None
        if isinstance(env, str):
            text = self.taken[env] = environment.get(env)
        from_environment = text is not None
        if text is None and isinstance(default, (str, int, float)):
            text = str(default).lower() if isinstance(default, bool) else str(default)
        where = f"the environment (`{env}`)" if from_environment else "its default"
        self._labels[name] = Label(span=span, message=f"`{name[:60]}` has its value from {where}")
        if text is None and default is None:
            set_it = f"set `{str(env)[:60]}` in the environment, or " if env is not None else ""
            self._say("HS0114", f"variable `{name[:60]}` has no value", span,
                      f"{set_it}give it a `default`")  # fmt: skip
        elif text is not None and (len(text) > _LONGEST or not text.isprintable()):
            what = "control characters" if len(text) <= _LONGEST else f"over {_LONGEST} characters"
            self._say("HS0114", f"variable `{name[:60]}` has {what} from {where}", span,
                      "give it one short line of text")  # fmt: skip
        else:
            self.texts[name] = text

    def fixed(self, value: Plain, path: Path) -> Plain:
        """A section that may not use variables; what looks like one is a finding."""
        if isinstance(value, Template):
            self._say("HS0115", f"`{path[0]}` may not use variables",
                      self.document.origins.value(*path), "write the value itself")  # fmt: skip
        elif isinstance(value, dict):
            return {key: self.fixed(item, (*path, key)) for key, item in value.items()}
        elif isinstance(value, list):
            return [self.fixed(item, (*path, index)) for index, item in enumerate(value)]
        return value

    def filled(self, value: Plain, path: Path) -> Plain:
        """The same value with its text filled in; what aliases share is filled in once."""
        if isinstance(value, Template):
            return self._text(value, path)
        if not isinstance(value, (dict, list)):
            return value
        known = self._done.get(id(value))
        if known is None:
            known = (
                {key: self.filled(item, (*path, key)) for key, item in value.items()}
                if isinstance(value, dict)
                else [self.filled(item, (*path, index)) for index, item in enumerate(value)]
            )
            self._done[id(value)] = known
        return known

    def _text(self, template: Template, path: Path) -> Plain:
        span = self.document.origins.value(*path)
        if template.startswith(SECRET):
            self._say("HS0115", "a secret reference may not use variables", span,
                      "write the whole reference, such as `secret://env/NAME`")  # fmt: skip
            return self._unfilled(template, span)
        counts = Counter(m[1] for m in _MARK.finditer(template) if m[0] != "$${")
        names = list(counts)
        if [name for name in names if not self._usable(name, span)]:
            return self._unfilled(template, span)
        self._left -= len(template)
        self._left -= sum(len(self.texts[n] or "") * count for n, count in counts.items())
        if self._left < 0:
            self._say("HS0105", "variables expand beyond the limit of a spec's size here", span,
                      "write shorter values, or use them less often")  # fmt: skip
            return self._unfilled(template, span)
        text = _MARK.sub(lambda m: "${" if m[0] == "$${" else self.texts[m[1]] or "", template)
        if names and text.startswith(SECRET):
            self._say("HS0115", "a secret reference may not come from a variable", span,
                      "write the reference itself; only what it names is secret")  # fmt: skip
            return self._unfilled(template, span)
        if names:
            self.uses[span] = tuple(self._labels[name] for name in names)
        alone = len(names) == 1 and template == f"${{{names[0]}}}"
        return resolve_scalar(text) if alone and template.plain else text

    def _unfilled(self, template: Template, span: Span) -> str:
        """The text as it is written, which nobody has to find fault with once more."""
        self.faulty.add(span)
        return str(template)

    def _usable(self, name: str | None, span: Span) -> bool:
        """Whether there is a value for `name`; if it was never declared, that is a finding."""
        if name is None or not re.fullmatch(NAME_PATTERN, name):
            self._say("HS0115", "`${` does not begin the name of a variable here", span,
                      "write `${name}`, or `$${` for the characters themselves")  # fmt: skip
            return False
        if name not in self.texts and self.sink.is_full:
            self.sink.omit(1)
            return False
        if name not in self.texts:
            meant = closest(name, self.texts)
            self._say("HS0113", f"there is no variable `{name}`", span,
                      f"did you mean `{meant}`?" if meant
                      else f"declare it: `variables: {{{name}: {{env: NAME}}}}`")  # fmt: skip
            return False
        return self.texts[name] is not None

    def _say(self, code: str, message: str, span: Span, help: str) -> None:
        if self.sink.is_full:
            self.sink.omit(1)
            return
        self.sink.add(Diagnostic(code=code, message=message, span=span, help=help))
