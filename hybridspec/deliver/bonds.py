"""What holds resources of a program together: their order, and the protection of what is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hybridspec.deliver.evaluation import Resource, sdks
from hybridspec.deliver.zone_walls import parts, texts

_TELLING = 10
"""Letters of an answer that no text holds by chance."""


def broken(resources: Mapping[str, Resource]) -> Iterator[tuple[Resource, str]]:
    """Resources that would be created too early, or deleted too easily, each with the reason.

    A resource that names another by what the cloud answers has to depend on it, or it may be
    created first; unless that one waits for it, as a log does for the policy of its key. A store or
    a key without protection goes with one wrong `destroy`.
    """
    kept = {kind for sdk in sdks().values() for kind in sdk.keeps}
    answers = _answers(resources)
    before: dict[str, frozenset[str]] = {}
    for urn, resource in resources.items():
        for other in (*resource.dependencies, resource.parent):
            if other and other not in resources:
                yield resource, f"it depends on {other}, which the program does not make"
        if resource.custom and resource.type in kept and not resource.protect:
            yield resource, "it keeps data or a key, and is not protected from deletion"
        for other in sorted(_named(resource, answers) - _before(urn, resources, before) - {urn}):
            if urn in _before(other, resources, before):
                continue
            named = f"{resources[other].type} `{resources[other].name}`"
            yield resource, f"it names {named} without depending on it: it may be created first"


def _answers(resources: Mapping[str, Resource]) -> Mapping[str, str]:
    """What only one resource answers, and which that is; a name may be any word."""
    found: dict[str, set[str]] = {}
    names = set()
    for urn, resource in resources.items():
        if resource.custom and not resource.type.startswith("pulumi:"):
            for key, value in resource.outputs.items():
                if key == "name":
                    names.add(value)
                elif len(value) >= _TELLING:
                    found.setdefault(value, set()).add(urn)
    return {
        value: min(urns) for value, urns in found.items() if len(urns) == 1 and value not in names
    }


def _named(resource: Resource, answers: Mapping[str, str]) -> set[str]:
    return {
        answers[part]
        for text in texts(resource.inputs)
        for part in parts(text)
        if part in answers
    }  # fmt: skip


def _before(
    urn: str, resources: Mapping[str, Resource], done: dict[str, frozenset[str]]
) -> frozenset[str]:
    """Every resource that has to exist before this one: what it depends on, and so on.

    A dependency on a component waits for its children.
    """
    if urn in done:
        return done[urn]
    done[urn] = frozenset()
    found: set[str] = set()
    for other in resources[urn].dependencies:
        if other in resources:
            found |= {other, *_before(other, resources, done)}
    done[urn] = frozenset(found)
    return done[urn]
