"""A named stack: its clouds through the user's Pulumi CLI, then its channel; and all of it back."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from hybridspec.base.errors import HybridspecError, StackNotFound, UsageError
from hybridspec.cli.channel import keys_of, publish_channel
from hybridspec.cli.output_tree import Output, build, compiled
from hybridspec.cli.rollout import rollout
from hybridspec.cli.stack import evaluated, refuse_outside
from hybridspec.compiler import Build, Options
from hybridspec.deliver.engine import backend, deployment
from hybridspec.deliver.engine.command import Cli, find
from hybridspec.deliver.engine.deployment import Applied, Deployment
from hybridspec.deliver.engine.fault import StackLocked
from hybridspec.deliver.engine.project import Project, Step
from hybridspec.deliver.engine.state import Pending, State
from hybridspec.deliver.publish import remove_channel
from hybridspec.deliver.snapshot import snapshot
from hybridspec.deliver.stack import Stack

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the user asked of `up` beside the spec: a plan that was reviewed, repairs, and whether
    the channel goes to the clouds' stores."""

    plan: str = ""
    publish: bool = True
    repair: bool = False
    adopt: Mapping[str, str] | None = None


def projects(stack: Stack, clouds: Sequence[str], cli: Cli, written: str) -> tuple[Project, ...]:
    """The projects of a stack, in the order in which they are applied: none needs another's."""
    environment = backend.surroundings(stack, written, os.environ)
    return tuple(
        Project(cloud=cloud, stack=stack.name, folder=backend.folder(stack) / cloud, cli=cli,
                environment=environment)
        for cloud in sorted(clouds)
    )  # fmt: skip


def deployed(stack: Stack, clouds: Sequence[str] = ()) -> tuple[Deployment, tuple[Project, ...]]:
    """What was applied from here, and its projects; those of `clouds` alone, if any are named.

    Raises:
        StackNotFound: nothing was.
    """
    known = deployment.load(stack)
    if not known.clouds:
        raise StackNotFound(
            f"stack `{stack.name}` is not deployed from here",
            help=f"`hybridspec up --stack {stack.name}` deploys it, or takes over what its backend "
            "already knows",
        )
    unknown = sorted(set(clouds) - set(known.clouds))
    if unknown:
        raise UsageError(
            f"stack `{stack.name}` has nothing on `{unknown[0]}`",
            help=f"it has on: {', '.join(sorted(known.clouds))}",
        )
    chosen = [cloud for cloud in known.clouds if not clouds or cloud in clouds]
    return known, projects(stack, chosen, find(os.environ), known.backend)


def up(
    stack: Stack, folder: Path | None, options: Options, wish: Wish, agree: Say
) -> dict[str, Any]:
    """Compile, evaluate, apply cloud by cloud, then sign the channel and bring it to the zones'
    stores; returns what there is now.

    `agree` is told what is about to happen, and raises if nobody wants it.
    """
    say = options.progress
    if not stack.spec.is_file():
        compiled(stack.spec, options)  # says so, before a lock is left behind
    with stack.lock():
        known = deployment.load(stack)
        output = build(stack.spec, folder, options, partial(keys_of, stack))
        made = output.build
        cli = find(os.environ)  # nobody waits for an evaluation of what nothing can apply
        _reviewed(made, wish.plan)
        written = _backend(made, stack)
        trees = dict(made.stacks)
        say("evaluating the cloud stacks offline")
        evaluations = evaluated(made, output.folder, options.cache)
        refuse_outside(made, evaluations)
        asked = snapshot(evaluations)
        pieces = projects(stack, list(trees), cli, written)
        agree(
            f"apply plan {made.plan_digest[:12]} of stack `{stack.name}`: "
            + ", ".join(f"{len(asked[cloud])} resources on {cloud}" for cloud in sorted(asked))
        )
        backend.prepare(stack)
        known = replace(known, backend=written, output=str(output.folder.resolve()))
        for project in pieces:
            known = _brought_up(stack, known, project, made, asked[project.cloud], wish, say)
        say("signing the channel")
        publish_channel(stack, output, say)
        if wish.publish:
            known = _published(stack, known, output, pieces, say)
        _say_dropped(stack, set(known.clouds) - set(trees), say)
    return status(stack)


def _brought_up(
    stack: Stack, known: Deployment, project: Project, made: Build, asked: Mapping[str, Any],
    wish: Wish, say: Say,
) -> Deployment:  # fmt: skip
    """What is known once a cloud is as the plan says; it is written down before and after."""
    tree = dict(made.stacks)[project.cloud]
    project.write(tree)
    now = Applied(plan=made.plan_digest, tree=tree.digest(), complete=False, resources=asked,
                  published=known.published(project.cloud))  # fmt: skip
    deployment.save(stack, known.having(project.cloud, now))
    say(f"{project.cloud}: applying plan {made.plan_digest[:12]}")
    apply(project, wish, f"plan {made.plan_digest}", say)
    known = known.having(project.cloud, replace(now, complete=True))
    deployment.save(stack, known)
    return known


def _say_dropped(stack: Stack, clouds: Iterable[str], say: Say) -> None:
    """What an earlier plan had, and costs on."""
    for cloud in sorted(clouds):
        say(f"{cloud}: no longer in the plan, and still deployed: `hybridspec destroy "
            f"--stack {stack.name} --cloud {cloud}`")  # fmt: skip


def _published(
    stack: Stack, known: Deployment, output: Output, pieces: Sequence[Project], say: Say
) -> Deployment:
    """What is known once the channel is in every zone's store; kept zone by zone."""
    outputs = {project.cloud: project.state().outputs for project in pieces}
    for cloud, zone, versions in rollout(output.build, output.folder / "channel", outputs, say):
        now = known.clouds[cloud]
        now = replace(now, published={**now.published, zone: versions})
        known = known.having(cloud, now)
        deployment.save(stack, known)
    return known


def _backend(made: Build, stack: Stack) -> str:
    """Where the spec says that the stack's state is kept; empty if it does not."""
    return next((s.backend or "" for s in made.graph.stacks if s.name == stack.name), "")


def _reviewed(made: Build, plan: str) -> None:
    """Stop if this is not the plan that somebody looked at."""
    if plan and not made.plan_digest.startswith(plan):
        raise UsageError(
            f"the spec now makes plan {made.plan_digest[:12]}, not the reviewed {plan[:12]}",
            help="look at it with `hybridspec plan`, then run this with `--plan "
            f"{made.plan_digest[:12]}`",
        )


def apply(project: Project, wish: Wish, message: str, say: Say) -> None:
    """Bring a cloud up; what an earlier run left half done is settled on request."""
    project.select(create=True)
    pending = project.state().pending
    if pending and not wish.repair:
        raise _cut_off(project.cloud, pending)
    try:
        if pending:
            project.repair(_adopted(pending, wish.adopt or {}, say))
        project.up(message, say)
    except StackLocked as locked:
        if not (wish.repair and locked.lock is not None and locked.lock.stale):
            raise
        say(f"{project.cloud}: removing the lock of a run that was killed")
        project.unlock()
        apply(project, wish, message, say)


def _cut_off(cloud: str, pending: Sequence[Pending]) -> HybridspecError:
    listed = "\n".join(
        f"  {one.operation} {one.type} `{one.name}`"
        + (f", to be called `{one.known_as}`" if one.known_as else "") + f"\n    {one.urn}"
        for one in pending
    )  # fmt: skip
    return HybridspecError(
        f"{cloud}: the last run was cut off, and the engine does not know how these ended:\n"
        f"{listed}",
        help="look for them in the cloud; `hybridspec up --repair --adopt URN=ID` takes over one "
        "that is there, `--repair` alone takes all for not there",
    )


def _adopted(pending: Sequence[Pending], adopt: Mapping[str, str], say: Say) -> dict[str, str]:
    """What is taken over, by URN; every other is said to be taken for absent."""
    known = {one.urn for one in pending if one.operation == "creating"}
    strange = sorted(set(adopt) - known)
    if strange:
        raise UsageError(
            f"nothing is open about {strange[0]}", help=f"open are: {', '.join(sorted(known))}"
        )
    for one in pending:
        word = f"taken over as {adopt[one.urn]}" if one.urn in adopt else "taken for not there"
        say(f"{one.type} {one.name}: {word}")
    return dict(adopt)


def preview(made: Build, stack: Stack) -> tuple[tuple[str, Step], ...]:
    """What the engine would do, cloud by cloud; leaves nothing behind, here or there."""
    cli = find(os.environ)
    written = _backend(made, stack)
    found: list[tuple[str, Step]] = []
    for project in projects(stack, [cloud for cloud, _ in made.stacks], cli, written):
        with tempfile.TemporaryDirectory() as work:
            looking = _aside(project, Path(work))
            looking.write(dict(made.stacks)[project.cloud])
            new = backend.untouched(stack, written, os.environ)
            if new or not looking.select(create=False):
                looking = _nowhere(looking, Path(work))
                looking.select(create=True)
            found += [(project.cloud, step) for step in looking.preview()]
    return tuple(found)


def _aside(project: Project, work: Path) -> Project:
    """The same stack, looked at from a folder of its own, with what the copy knows of secrets."""
    aside = replace(project, folder=work / project.cloud)
    settings = project.folder / f"Pulumi.{project.stack}.yaml"
    if settings.is_file():
        aside.folder.mkdir()
        (aside.folder / settings.name).write_bytes(settings.read_bytes())
    return aside


def _nowhere(project: Project, work: Path) -> Project:
    """A stack that no backend has yet, in one that goes away."""
    (work / "state").mkdir()
    plain = {k: v for k, v in project.environment.items()
             if not k.startswith("PULUMI_CONFIG_PASSPHRASE")}  # fmt: skip
    return replace(project, environment={
        **plain, "PULUMI_BACKEND_URL": f"file://{work / 'state'}", "PULUMI_CONFIG_PASSPHRASE": "",
    })  # fmt: skip


def status(stack: Stack) -> dict[str, Any]:
    """What the engine knows of a stack; asks no cloud."""
    known, pieces = deployed(stack)
    rows = []
    for project in pieces:
        applied = known.clouds[project.cloud]
        state = project.state() if project.select(create=False) else State()
        rows.append({
            "cloud": project.cloud,
            "complete": applied.complete and not state.pending,
            "planDigest": applied.plan,
            "resources": len(state.real),
            "protected": len(state.protected),
            "pending": [{"operation": p.operation, "urn": p.urn} for p in state.pending],
            "published": {zone: dict(found) for zone, found in applied.published.items()},
            "outputs": [asdict(output) for output in state.outputs],
        })  # fmt: skip
    return {
        "schemaVersion": "hybridspec.dev/deployment-status/v1",
        "stack": stack.name,
        "backend": backend.address(stack, known.backend, os.environ),
        "output": known.output,
        "clouds": rows,
    }


def refresh(stack: Stack, say: Say) -> dict[str, Any]:
    """Take over what there really is, on every cloud."""
    deployed(stack)  # what was never there gets no lock
    with stack.lock():
        for project in deployed(stack)[1]:
            project.select(create=False)
            project.refresh(say)
    return status(stack)


def drift(stack: Stack) -> Iterator[tuple[str, Step]]:
    """Cloud by cloud, what differs between what was applied and what there really is."""
    for project in deployed(stack)[1]:
        project.select(create=False)
        yield from ((project.cloud, step) for step in project.preview(live=True)
                    if step.op != "same")  # fmt: skip


def destroy(stack: Stack, clouds: Sequence[str], say: Say, agree: Say, *, data: bool) -> int:
    """Delete everything, the last cloud first; stores and keys only if `data` says so.

    Returns how many resources are gone.
    """
    deployed(stack, clouds)  # what was never there gets no lock
    with stack.lock():
        known, pieces = deployed(stack, clouds)
        states = {p.cloud: p.state() if p.select(create=False) else State() for p in pieces}
        for cloud, state in states.items():
            if state.pending:  # deleting the rest would leave behind what nobody names any more
                raise _cut_off(cloud, state.pending)
        kept = [r for state in states.values() for r in state.protected]
        if kept and not data:
            raise UsageError(
                f"stack `{stack.name}` holds data that would be lost: "
                + ", ".join(f"{r.type} `{r.name}`" for r in kept),
                help="nothing was deleted; add `--delete-data` if these may go too",
            )
        agree(f"delete stack `{stack.name}`: " + ", ".join(
            f"{len(state.real)} resources on {cloud}" for cloud, state in states.items()
        ))  # fmt: skip
        for project in reversed(pieces):
            if states[project.cloud].protected:
                project.unprotect()
            if states[project.cloud].resources:
                project.destroy(say)
            project.remove()
            known = known.without(project.cloud)
            deployment.save(stack, known)
        if not known.clouds:
            if known.output:
                remove_channel(Path(known.output) / "channel")
            stack.remove()
    return sum(len(state.real) for state in states.values())
