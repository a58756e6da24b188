"""Proofs that what runs, is logged or is looked through for a zone stays in its region."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

from hybridspec.target.api import Emission, Made
from hybridspec.target.proof import at, each, every, first, listed, none, outputs

from .proofs import (
    ACCOUNT,
    ADDRESS,
    EXCLUSION,
    INSPECTION,
    JOB,
    JOINT,
    LOGS,
    NETWORK,
    ROUTE,
    RULE,
    SERVICE,
    SINK,
    SUBNETWORK,
    SUBSCRIPTION,
    TEMPLATE,
    TOPIC,
    TRIGGER,
    WALL,
    WORKFLOW,
    elsewhere,
    keys,
    repositories,
    stores,
)

GOOGLE = "199.36.153.4/30"
_EVERYTHING = "severity>=DEFAULT"
_WAYS = ("compute/router:Router", "compute/networkPeering:NetworkPeering",
         "compute/address:Address")  # fmt: skip
"""What would lead out of a network: translation of addresses, other networks, public addresses."""
_JOINS = "servicenetworking.googleapis.com"
"""The only network beside the zone's own: the one in which Google trains for it."""


def logged(part: Emission) -> str:
    """Entries go to log buckets in the region under the zone's key, and to no other place."""
    ours = keys(part)
    places = {f"logging.googleapis.com/{made.outputs['id']}" for made in part.of(LOGS)}

    def kept(made: Made) -> str:
        under = at(made.inputs, "cmekSettings", "kmsKeyName") in ours
        return elsewhere(part, made) or ("" if under else "is not under the zone's key")

    def sent(made: Made) -> str:
        if made.inputs.get("destination") not in places or made.inputs.get("disabled"):
            return "leads elsewhere or nowhere"
        return _foreign(part, str(made.inputs.get("filter") or ""))

    return first(each(part, LOGS, kept), each(part, SINK, sent), _unplaced(part))


def _unplaced(part: Emission) -> str:
    """The sink `_Default` of the project takes nothing."""
    found = [made for made in part.program if made.type == EXCLUSION]
    whole = [made for made in found if made.inputs.get("filter") == _EVERYTHING
             and not made.inputs.get("disabled")]  # fmt: skip
    return "" if whole else "entries are kept in `_Default`, which has no region"


def _foreign(part: Emission, filtered: str) -> str:
    """Why a sink may take what other zones of the project log; empty if it does not."""
    alone = sum(made.type == LOGS for made in part.program) == len(part.of(LOGS))
    if alone:
        return ""
    prefixes = "|".join(re.escape(str(made.inputs.get("bucketId"))) for made in part.of(LOGS))
    codes = {str(made.inputs.get("accountId")).rpartition("-")[0] for made in part.of(ACCOUNT)}
    names = {str(made.inputs.get("name")) for made in part.of(SERVICE)}
    mine = re.compile(rf"(?:\^|/repositories/)(?:{prefixes})(?:\(--|--|\$|-\[)"
                      rf"|\^{re.escape(part.name)}--")  # fmt: skip
    trained = sum(made.type == JOB for made in part.program) == len(part.of(JOB)) > 0

    def owned(clause: str) -> bool:
        field, _, value = clause.partition("=")
        said = value.removeprefix("~").strip('"')
        if clause == 'resource.type="ml_job"':
            return trained
        if field == "resource.labels.service_name":
            return said in names
        if field == "resource.labels.email_id":
            return said.startswith("^") and said[1:].rstrip("-") in codes
        return value.startswith("~") and mine.match(said) is not None

    clauses = filtered.split(" OR ")
    return "" if all(map(owned, clauses)) else "takes entries of others"


def _bodies(part: Emission) -> Iterator[tuple[Made, str, Any]]:
    """Each request for a job, with its address: of a schedule, or of a step of a workflow."""
    for made in part.of(JOB):
        target = made.inputs.get("httpTarget")
        text = base64.b64decode(str(at(target, "body")), validate=True)
        yield made, str(at(target, "uri")), json.loads(text)
    for made in part.of(WORKFLOW):
        for said in _calls(json.loads(str(made.inputs.get("sourceContents")))):
            yield made, str(at(said, "args", "url")), at(said, "args", "body")


def _calls(said: Any) -> Iterator[Any]:
    """Every step that calls something, however deep it stands, and in whichever workflow."""
    if isinstance(said, dict):
        if isinstance(said.get("call"), str):
            yield said
        for item in said.values():
            yield from _calls(item)
    elif isinstance(said, list):
        for item in said:
            yield from _calls(item)


def _foreign_image(part: Emission, images: list[Any]) -> bool:
    """Whether one of some images is of a registry that is not the zone's, or there are none."""
    host, known = f"{part.region}-docker.pkg.dev", repositories(part)
    projects = {made.outputs.get("project") for made in part.resources}
    run = [str(image).split("/") for image in images]
    return not run or not all(
        p[0] == host and len(p) > 3 and p[1] in projects and p[2] in known for p in run
    )


def addressed(part: Emission) -> str:
    """Jobs are asked of the region's own address; a zone that trains nothing asks for none."""
    here = f"https://{part.region}-aiplatform.googleapis.com/"
    return next(
        (f"`{made.name}` is asked of another address" for made, uri, _ in _bodies(part)
         if not uri.startswith(here) or f"/locations/{part.region}/" not in uri), "",
    )  # fmt: skip


def trained(part: Emission) -> str:
    """Jobs run in the region, on the zone's store, registry and key, with no way out."""
    ours, buckets, nets = keys(part), stores(part), _shut(part)

    def fault(made: Made, asked: Any) -> str:
        used = re.findall(r"gs://([\w.-]+)", json.dumps(asked))
        pools = listed(at(asked, "jobSpec", "workerPoolSpecs"))
        run = [at(pool, "containerSpec", "imageUri") for pool in pools]
        if not used or not set(used) <= buckets:
            return "reads or writes what is not the zone's store"
        if at(asked, "encryptionSpec", "kmsKeyName") not in ours:
            return "uses a key that is not the zone's"
        where = str(at(asked, "jobSpec", "network")).rpartition("/global/networks/")[2]
        if where not in nets or at(asked, "jobSpec", "enableWebAccess") is not False:
            return "may reach the Internet, or be reached"
        foreign = _foreign_image(part, run)
        return elsewhere(part, made) or ("runs an image of another registry" if foreign else "")

    return next((f"`{made.name}` {why}" for made, _, asked in _bodies(part)
                 if asked is not None and (why := fault(made, asked))), "")  # fmt: skip


def _shut(part: Emission) -> set[str]:
    """The names of networks whose joined one has no route to the Internet."""
    joined = {made.inputs.get("network") for made in part.of(JOINT)}
    walled = {made.inputs.get("network") for made in part.of(WALL)
              if made.inputs.get("enabled") is True}  # fmt: skip
    return {str(made.inputs.get("name")) for made in part.of(NETWORK)
            if made.outputs["id"] in joined and made.inputs.get("name") in walled}  # fmt: skip


def drifting(part: Emission) -> str:
    """Reports of drift start workflows in the region, under the zone's key."""
    ours, topics = keys(part), outputs(part, TOPIC, "id")
    flows = outputs(part, WORKFLOW, "id")

    def keyed(made: Made) -> str:
        under = made.inputs.get("cryptoKeyName") in ours
        return elsewhere(part, made) or ("" if under else "is not under the zone's key")

    def led(made: Made) -> str:
        mine = (at(made.inputs, "transport", "pubsub", "topic") in topics
                and made.inputs.get("destination") == {"workflow": at(
                    made.inputs, "destination", "workflow")}
                and at(made.inputs, "destination", "workflow") in flows)  # fmt: skip
        return elsewhere(part, made) or ("" if mine else "leads elsewhere")

    return first(each(part, WORKFLOW, keyed, least=0), each(part, TRIGGER, led, least=0))


def collected(part: Emission) -> str:
    """Messages are written to the zone's stores alone."""
    buckets = stores(part)

    def held(made: Made) -> bool:
        others = {"pushConfig", "bigqueryConfig"} & {k for k, v in made.inputs.items() if v}
        return not others and at(made.inputs, "cloudStorageConfig", "bucket") in buckets

    return every(part, SUBSCRIPTION, held, "leads elsewhere", least=0)


def served(part: Emission) -> str:
    """Services run in the region, on the zone's key, registry and network, for the project."""
    ours, nets = keys(part), outputs(part, SUBNETWORK, "id")

    def fault(made: Made) -> str:
        said = at(made.inputs, "template")
        closed = made.inputs.get("ingress") == "INGRESS_TRAFFIC_INTERNAL_ONLY"
        if not closed or made.inputs.get("invokerIamDisabled"):
            return "answers everybody"
        if at(said, "encryptionKey") not in ours:
            return "is not under the zone's key"
        ways = listed(at(said, "vpcAccess", "networkInterfaces"))
        closed = at(said, "vpcAccess", "egress") == "ALL_TRAFFIC" and ways
        if not closed or any(at(way, "subnetwork") not in nets for way in ways):
            return "reaches other networks"
        foreign = _foreign_image(part, [at(one, "image") for one in listed(at(said, "containers"))])
        return elsewhere(part, made) or ("runs an image of another registry" if foreign else "")

    return first(each(part, SERVICE, fault, least=0), each(part, SUBNETWORK, lambda made:
                 elsewhere(part, made), least=0))  # fmt: skip


def enclosed(part: Emission) -> str:
    """A network of the zone leads nowhere but to Google's private addresses."""
    nets = outputs(part, NETWORK, "id")
    shut = {
        made.inputs.get("network") for made in part.of(RULE)
        if made.inputs.get("direction") == "EGRESS" and not made.inputs.get("disabled")
        and made.inputs.get("destinationRanges") == ["0.0.0.0/0"]
        and made.inputs.get("denies") == [{"protocol": "all"}]
    }  # fmt: skip

    def fault(made: Made) -> str:
        if made.inputs.get("deleteDefaultRoutesOnCreate") is not True:
            return "keeps its way to the Internet"
        return "" if made.outputs.get("id") in shut else "lets traffic out"

    return first(
        none(part, {f"gcp:{kind}" for kind in _WAYS}),
        every(part, ADDRESS, lambda made: made.inputs.get("addressType") == "INTERNAL"
              and made.inputs.get("purpose") == "VPC_PEERING", "is public", least=0),
        every(part, JOINT, lambda made: made.inputs.get("service") == _JOINS
              and made.inputs.get("network") in nets, "joins another network", least=0),
        each(part, NETWORK, fault, least=0),
        every(part, ROUTE, lambda made: made.inputs.get("destRange") == GOOGLE
              and made.inputs.get("network") in nets, "leads elsewhere", least=0),
        every(part, RULE, lambda made: made.inputs.get("direction") != "EGRESS"
              or not made.inputs.get("allows"), "lets traffic out", least=0),
    )  # fmt: skip


def inspected(part: Emission) -> str:
    """What looks for personal data works in the region, on the zone's store, and keeps nothing."""
    buckets, here = stores(part), f"/locations/{part.region}"

    def fault(made: Made) -> str:
        if not str(made.inputs.get("parent")).endswith(here):
            return "works elsewhere"
        used = re.findall(r"gs://([\w.-]+)", json.dumps(dict(made.inputs)))
        told = [set(action) for action in listed(at(made.inputs, "inspectJob", "actions"))]
        if made.type == INSPECTION and (not used or not set(used) <= buckets):
            return "reads what is not the zone's store"
        return "" if all(one == {"jobNotificationEmails"} for one in told) else "keeps findings"

    return first(each(part, TEMPLATE, fault, least=0), each(part, INSPECTION, fault, least=0))
