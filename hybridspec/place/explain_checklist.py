"""The checklist of a model's placement: eight items, each with the indicator and its figure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from hybridspec.base.units import (
    format_amount,
    format_bandwidth,
    format_bytes,
    format_duration,
    format_money,
)
from hybridspec.ir.explanation import Indicator, Slack
from hybridspec.ir.graph import Flow, Graph, Model
from hybridspec.ir.half import written
from hybridspec.ir.plan import Configuration, Decision, Failure
from hybridspec.place.conflict import smallest_hitting

ITEMS = (
    "latency", "sensitivity", "connectivity", "compute", "cost profile", "heterogeneity",
    "update cadence", "hybrid fit",
)  # fmt: skip
_ITEM = {
    "HS0302": "latency", "HS0301": "sensitivity", "HS0310": "sensitivity",
    "HS0315": "sensitivity", "HS0321": "sensitivity", "HS0304": "connectivity",
    "HS0317": "connectivity", "HS0415": "connectivity", "HS0401": "heterogeneity",
}  # fmt: skip
_WHERE = {"edge": "at the site", "cloud": "in the cloud", "split": "in both places"}


def checklists(
    graph: Graph, decision: Decision, others: Sequence[Configuration], slacks: Sequence[Slack]
) -> tuple[tuple[str, tuple[Indicator, ...]], ...]:
    """The eight items for every model of the flow, by name."""
    models = {stage.model.name: stage.model
              for stage in decision.flow.stages if stage.model is not None}  # fmt: skip
    return tuple(
        (name, tuple(_Checklist(graph, decision, models[name], others, slacks).items()))
        for name in sorted(models)
    )


def item_of(failure: Failure) -> str:
    """The item of the checklist that a failure belongs to."""
    if failure.code == "HS0306" and failure.unit == "bit/s":
        return "connectivity"
    return _ITEM.get(failure.code, "compute")


def side(flow: Flow, model: str, way: Configuration) -> str:
    """Where a way runs a model: `edge`, `cloud` or, where it runs in both, `split`."""
    runs = {written(s.name) for s in flow.stages if s.model is not None and s.model.name == model}
    kinds = {host.kind for name, host in way.hosts if written(name) in runs}
    return kinds.pop() if len(kinds) == 1 else "split"


@dataclass(slots=True)
class _Checklist:
    """The items of one model in one decision."""

    graph: Graph
    decision: Decision
    model: Model
    others: Sequence[Configuration]
    slacks: Sequence[Slack]

    @property
    def here(self) -> str:
        """Where the chosen way runs the model."""
        return side(self.decision.flow, self.model.name, self.decision.chosen)

    def elsewhere(self) -> list[Configuration]:
        """The ways that run it on the other side."""
        flow, name = self.decision.flow, self.model.name
        return [way for way in self.others if side(flow, name, way) != self.here]

    def items(self) -> Iterator[Indicator]:
        """All eight, in order."""
        away = self.elsewhere()
        deciding = self._deciding(away)
        said: dict[str, Callable[[], tuple[str, str]]] = {
            "latency": self._latency, "sensitivity": self._sensitivity,
            "connectivity": self._connectivity, "compute": self._compute,
            "cost profile": self._cost, "heterogeneity": self._heterogeneity,
            "update cadence": self._cadence, "hybrid fit": self._fit,
        }  # fmt: skip
        for item in ITEMS:
            indicator, figure = said[item]()
            yield Indicator(
                item=item, indicator=indicator, figure=figure, points=self._points(item, away),
                decides=item in deciding,
            )  # fmt: skip

    def _deciding(self, away: Sequence[Configuration]) -> frozenset[str]:
        """The items that leave no way on the other side: each alone, else the fewest together."""
        if not away:
            return frozenset({"hybrid fit"})
        if any(not way.failures for way in away):
            return frozenset({"cost profile"})
        masks = [frozenset(map(item_of, way.failures)) for way in away]
        alone = frozenset(ITEMS).intersection(*masks)
        return alone or frozenset(smallest_hitting(masks, ITEMS.index))

    def _points(self, item: str, away: Sequence[Configuration]) -> str:
        chosen = self.decision.chosen
        if item == "hybrid fit":
            kinds = {host.kind for _, host in chosen.hosts}
            return "split" if len(kinds) > 1 else self.here
        if item == "update cadence":
            job = self.model.training
            return "edge" if job is not None and job.federated is not None else "either"
        if item == "cost profile":
            cheaper = [way for way in away if way.cost < chosen.cost]
            return (
                {"edge": "cloud", "cloud": "edge"}.get(self.here, "either")
                if cheaper
                else (self.here)
            )
        refused = away and all(item in map(item_of, way.failures) for way in away)
        return self.here if refused else "either"

    def _there(self) -> str:
        return _WHERE[{"edge": "cloud", "cloud": "edge"}.get(self.here, "split")]

    def _latency(self) -> tuple[str, str]:
        bound, mine = self.decision.flow.latency, self.decision.chosen.latency
        if bound is None or mine is None:
            return "upper end of the slowest path", "no bound is stated"
        away = [way.latency.high for way in self.elsewhere() if way.latency is not None]
        other = f"; {self._there()} at least {format_duration(min(away))}" if away else ""
        figure = f"{format_duration(mine.high)} of {format_duration(bound.bound)}{other}"
        return f"upper end of the slowest path to {bound.to}", figure

    def _sensitivity(self) -> tuple[str, str]:
        data, zone = self.decision.flow.data, self.decision.site.zone
        away = self.elsewhere()
        refused = sum("sensitivity" in map(item_of, way.failures) for way in away)
        laws = f" under {', '.join(zone.regimes)}" if zone.regimes else ""
        personal = "personal" if data.personal else "not personal"
        return ("law, walls and policies on the data",
                f"{data.category} ({personal}) of zone {zone.name}{laws}; {refused} of {len(away)} "
                f"ways {self._there()} are refused")  # fmt: skip

    def _connectivity(self) -> tuple[str, str]:
        flow, chosen = self.decision.flow, self.decision.chosen
        device = chosen.device
        parts = []
        if flow.offline:
            parts.append(f"has to work offline for {format_duration(flow.offline)}")
        if device is not None and device.max_offline:
            parts.append(f"{device.name} is out of reach for up to "
                         f"{format_duration(device.max_offline)}")  # fmt: skip
        parts += [_of(s) for s in self.slacks if s.what.startswith(("uplink", "sent"))]
        away = min((way.uplink for way in self.elsewhere()), default=None)
        if away is not None:
            parts.append(f"{self._there()} it sends at least {format_bandwidth(away * 8)}")
        return "time offline, and what the uplink carries", "; ".join(parts) or "no uplink is used"

    def _compute(self) -> tuple[str, str]:
        mine = [_of(s) for s in self.slacks if s.unit in ("us/s", "B") and s.code != "HS0304"]
        return "time and memory of the devices", "; ".join(mine) or "no device computes"

    def _cost(self) -> tuple[str, str]:
        chosen, away = self.decision.chosen, self.elsewhere()
        text = format_money(chosen.cost, self.graph.currency)
        best = min(away, key=lambda way: (way.cost, way.label), default=None)
        if best is not None:
            word = "" if not best.failures else ", which is not admissible"
            text += f"; {self._there()} at least {format_money(best.cost, self.graph.currency)}"
            text += word
        return f"cost of the flow over {format_duration(self.graph.horizon)}", text

    def _heterogeneity(self) -> tuple[str, str]:
        ways = [self.decision.chosen, *self.others]
        held = [way for way in ways if any(name == self.model.name for name, _ in way.held)]
        able = {way.device.name for way in held if way.device is not None and not way.failures}
        classes = [d.device_class.name for d in self.decision.site.devices]
        variant = dict(self.decision.chosen.variants)[self.model.name]
        return ("device classes and variants that would do",
                f"{len(able)} of {len(classes)} device classes at the site could run it; "
                f"{variant} was chosen from {', '.join(sorted(self.model.variants))}")  # fmt: skip

    def _cadence(self) -> tuple[str, str]:
        job = self.model.training
        if job is None:
            return "how often new weights come", "no training is scheduled"
        devices = sum(d.count for d in self.decision.site.devices)
        word = f", in {job.federated.rounds} federated rounds" if job.federated is not None else ""
        return ("how often new weights come",
                f"every {format_duration(job.every)}{word}: {format_bytes(self.model.facts.size)} "
                f"to {devices} devices here")  # fmt: skip

    def _fit(self) -> tuple[str, str]:
        flow, chosen = self.decision.flow, self.decision.chosen
        at_site = sum(host.kind == "edge" for _, host in chosen.hosts)
        born = flow.data.rate * flow.data.size
        share = _percent(Fraction(chosen.uplink) / born) if born else "nothing"
        return "stages at the site, and what leaves it", (
            f"{at_site} of {len(chosen.hosts)} stages at the site; {share} of what is born is sent"
        )


def _of(slack: Slack) -> str:
    used, limit = (format_amount(value, slack.unit) for value in (slack.used, slack.limit))
    return f"{slack.what}: {used} of {limit}"


def _percent(share: Fraction) -> str:
    value = float(share * 100)
    if 0 < value < 0.001:
        return "less than 0.001 %"
    return f"{value:.2g} %" if value < 10 else f"{value:.0f} %"
