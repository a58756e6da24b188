"""The one template environment; values become source text only as literals or comments."""

from __future__ import annotations

import math
from functools import lru_cache

from jinja2 import BaseLoader, Environment, StrictUndefined, Template, TemplateNotFound

from hybridspec.target.api import Payload, Target
from hybridspec.target.registry import template_text


def literal(value: object) -> str:
    """Python source of a plain value, in double quotes wherever that is shorter.

    >>> print(literal("it's"), literal([1, None]), literal('say "hi"'))
    "it's" [1, None] 'say "hi"'
    """
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} has no literal")
    if value is None or isinstance(value, (bool, int, float)):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(k)}: {literal(v)}" for k, v in value.items()) + "}"
    raise TypeError(f"{type(value).__name__} has no literal")


def _text(value: str) -> str:
    source = repr(value)
    if source[0] == '"' or '"' in value:
        return source
    inner = source[1:-1].replace("\\'", "'")
    return f'"{inner}"'


def comment(value: object) -> str:
    """Text that stays inside one comment line."""
    return "".join(c if c.isprintable() else "?" for c in str(value))


def yaml_text(value: object) -> str:
    """A double-quoted YAML scalar. JSON would do, but for characters beyond the first plane.

    >>> print(yaml_text('say "hi"'), yaml_text(chr(0x1F600) + chr(10)))
    "say \\"hi\\"" "😀\\U0000000a"
    """
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped) + '"'


class _Templates(BaseLoader):
    """A target's own templates; none of them can include another."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, None, None]:
        raise TemplateNotFound(template)


_ENVIRONMENT = Environment(
    loader=_Templates(),
    undefined=StrictUndefined,
    autoescape=False,  # noqa: S701 - Python source, where escaping is the literal filter's work
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_ENVIRONMENT.filters.update(literal=literal, comment=comment, yaml=yaml_text)


def render(target: Target, payload: Payload) -> bytes:
    """The bytes of a payload; an undefined name in a template raises."""
    if payload.data is not None:
        return payload.data
    if payload.template is None:
        raise ValueError(f"payload {payload.path} has neither data nor a template")
    template = _compiled(template_text(target, payload.template))
    return template.render(**(payload.context or {})).encode()


@lru_cache(maxsize=256)
def _compiled(text: str) -> Template:
    """A template by its text: compiling one takes longer than rendering it for a whole fleet."""
    return _ENVIRONMENT.from_string(text)
