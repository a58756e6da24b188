"""Certificates: the way of what decided, what came together on it, and ids that stay."""

from __future__ import annotations

from dataclasses import replace

from property.graphs import data, device, flow, graph, infer, model, site, stage, training, zone
from property.laws import pack, people, release

from hybridspec.ir.verdict import Place, claim
from hybridspec.law.certificate import certificate, decisive
from hybridspec.law.permit import Law

EU, US = zone("eu", "DE", "FR", "US"), zone("us", "US")
LAB, PLANT = site("lab", EU, (device(), 1)), site("plant", US, (device(), 1))
ABROAD = Place(name="p", countries=("US",))


def law() -> Law:
    net = replace(model(), training=training(data=("faces",)))
    seen = flow("watch", people(), (LAB,), stage("crop", "faces", releases=(release("hipaa"),)),
                infer("see", net, "crop"))  # fmt: skip
    heat = flow("heat", data(), (PLANT,), infer("see", net, "frames"))
    return Law(graph(seen, heat, law=pack()))


def test_the_path_is_that_of_the_law_that_decides() -> None:
    asked = law()
    node = "stage heat.see@us"
    found = asked.permit(asked.labels.within(node), "process", ABROAD)
    assert found.verdict == "violated"
    made = certificate(asked.labels, node, found)
    assert [(step.source, step.target) for step in made.path] == [
        ("data faces@eu", "model detect"), ("model detect", "stage heat.see@us"),
    ]  # fmt: skip
    assert [name for name, _ in made.joins] == ["data faces@eu", "model detect", node]
    assert made.joins[-1][1] == ("data frames@us + model detect: under gdpr of eu; "
                                 "kept in eu, us")  # fmt: skip
    assert made.reasons == found.reasons


def test_a_wall_that_decides_leads_to_its_zone() -> None:
    asked = law()
    node = "model detect"
    found = asked.permit(asked.labels.of(node), "store", Place(name="p", countries=("VN",)))
    assert decisive(asked.labels, node, found) == "zone eu"


def test_a_claim_keeps_its_id() -> None:
    assert claim("a", "b", "c", "d") == claim("a", "b", "c", "d")
    assert (
        len({claim("a", "b", "c", "d"), claim("ab", "", "c", "d"), claim("a", "b", "d", "c")}) == 3
    )
