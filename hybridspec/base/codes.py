"""The table of diagnostic codes: number, offence and title; grouped by stage, never reused."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of finding; `policy` ones end a run with exit code 5, the others with 2.

    `severity` is the usual one; only errors decide the exit code. `waivable` says why somebody
    may answer for it (see `waivers` in the spec); empty, nobody may. That is never so for a wall, a
    regime or a bound that is broken: a waiver accepts what is unknown or untidy, nothing else.
    """

    offence: str
    title: str
    policy: bool = False
    severity: str = "error"
    waivable: str = ""


CODES: dict[str, Code] = {
    # load: text that cannot become a spec
    "HS0101": Code("file-unreadable", "a file cannot be read"),
    "HS0102": Code("file-too-large", "a file is larger than the limit"),
    "HS0103": Code("yaml-syntax", "the text is not valid YAML, or JSON in a file of JSON"),
    "HS0104": Code("duplicate-key", "a key is written twice in one mapping"),
    "HS0105": Code("yaml-bomb", "anchors or nesting expand beyond the limit"),
    "HS0106": Code("empty-spec", "the file holds no spec"),
    "HS0107": Code("yaml-unsupported", "a YAML feature that a spec may not use"),
    "HS0108": Code("too-many-findings", "more findings than are shown", severity="note"),
    # load: files, variables and tables that a spec is put together from
    "HS0109": Code("include-unreadable", "an included file that cannot be used"),
    "HS0110": Code("include-cycle", "files that include each other"),
    "HS0111": Code("include-too-large", "more files, or more text in them, than a spec may have"),
    "HS0112": Code("removes-nothing", "an overlay removes a key that is not there"),
    "HS0113": Code("undeclared-variable", "a variable that nothing declares"),
    "HS0114": Code("variable-without-value", "a variable without a usable value"),
    "HS0115": Code("misplaced-variable", "a variable where none may be used"),
    "HS0116": Code("table-columns", "a table of sites with unusable columns"),
    "HS0117": Code("table-row", "a row of a table that does not fit its columns"),
    "HS0118": Code("duplicate-site", "a site that is written twice"),
    "HS0119": Code("table-unreadable", "a table of sites that cannot be read"),
    # load: a spec of the wrong shape
    "HS0201": Code("unknown-key", "a key that the spec does not know"),
    "HS0202": Code("missing-key", "a required key is absent"),
    "HS0203": Code("wrong-type", "a value of the wrong type"),
    "HS0204": Code("wrong-unit", "a quantity with a missing or wrong unit"),
    "HS0205": Code("out-of-range", "a number outside its range"),
    "HS0206": Code("unknown-choice", "a value outside the allowed set"),
    "HS0207": Code("malformed-name", "a name with characters or a length that targets refuse"),
    "HS0208": Code("api-version", "an apiVersion that this release cannot read"),
    "HS0209": Code("stage-shape", "a stage whose keys do not fit together"),
    "HS0210": Code("device-shape", "a device class with two kinds of hardware"),
    "HS0211": Code("secret-inlined", "a secret in the spec instead of a reference to one"),
    "HS0212": Code("keys-misfit", "keys that do not fit together"),
    "HS0213": Code("born-elsewhere", "a flow runs where its data is not born"),
    # resolve: names and facts
    "HS0220": Code("unknown-reference", "a name that nothing defines"),
    "HS0221": Code("flow-cycle", "stages feed each other without `feedback`"),
    "HS0222": Code("unknown-country", "a country or bloc that is not known"),
    "HS0223": Code("unknown-board", "a board that the catalogue does not hold"),
    "HS0224": Code("unknown-region", "a region that the catalogue does not hold"),
    "HS0225": Code("model-unreadable", "a model file that is not a usable ONNX model"),
    "HS0226": Code("evaluation-unreadable", "evaluation data that does not fit its model"),
    "HS0227": Code("facet-too-wide", "a facet lists a country that its zone does not"),
    "HS0235": Code("board-unsupported", "a board that its platform's agent cannot run on"),
    "HS0236": Code("board-figures-missing", "a board whose price or power nobody has published"),
    "HS0237": Code("fact-contradicted", "a spec that moves a known place elsewhere"),
    "HS0238": Code("runtime-unsupported", "a runtime that the board of a device class cannot run"),
    # check: what the law, the physics and the spec itself forbid
    "HS0301": Code("residency-violated", "data would leave its compliance zone", policy=True),
    "HS0302": Code("latency-exceeded", "a latency bound cannot be met", policy=True),
    "HS0303": Code(
        "memory-exceeded", "models and an event need more memory than the board has", policy=True
    ),
    "HS0304": Code("offline-impossible", "an offline need that no placement meets", policy=True),
    "HS0305": Code("retention-exceeded", "data is kept longer than its zone allows", policy=True),
    "HS0306": Code(
        "capacity-exceeded", "the devices of a site are too slow for the event rate", policy=True
    ),
    "HS0307": Code(
        "unused-declaration",
        "something is declared that no flow uses",
        severity="warning",
        waivable="what is not used yet costs nothing",
    ),
    "HS0308": Code("freeze-window-too-short", "updates would expire while devices are offline"),
    "HS0309": Code("rollout-incomplete", "the cohorts do not reach the whole fleet"),
    "HS0310": Code("no-region", "a zone needs a cloud region and allows none", policy=True),
    "HS0311": Code("transfer-unproven", "a transfer that no stated fact allows", policy=True),
    "HS0312": Code("transfer-invalid", "a transfer mechanism that does not hold", policy=True),
    "HS0313": Code("retention-too-short", "data is kept for less time than it has to", policy=True),
    "HS0314": Code("telemetry-outside", "telemetry would leave its compliance zone", policy=True),
    "HS0315": Code("policy-violated", "a policy of the spec forbids what it asks", policy=True),
    "HS0316": Code("waiver-invalid", "a waiver that waives nothing"),
    "HS0317": Code(
        "bandwidth-exceeded", "a flow sends more than it may from one site", policy=True
    ),
    "HS0320": Code(
        "catalog-stale",
        "a price or region that was last checked too long ago",
        severity="warning",
        waivable="an old price is a risk of cost, which its owner may take",
    ),
    "HS0321": Code(
        "facet-unknown",
        "nobody knows where a facet would be that the spec states",
        policy=True,
        waivable="somebody may answer for what nobody knows, until it is known",
    ),
    "HS0330": Code(
        "ground-ends",
        "a law or a document that the spec rests on ends or begins soon",
        severity="warning",
        waivable="whoever renews it may say so",
    ),
    "HS0331": Code(
        "ground-contested",
        "data is somewhere by a contested decision alone",
        severity="warning",
        waivable="it holds until a court says otherwise, and somebody may take that risk",
    ),
    "HS0332": Code(
        "law-unknown",
        "personal data of people whose law is not among the facts",
        policy=True,
        waivable="somebody who knows that law may answer for it",
    ),
    "HS0333": Code(
        "facts-stale",
        "facts about law that were last checked too long ago",
        severity="warning",
        waivable="somebody may have read the law again",
    ),
    "HS0335": Code("document-unusable", "a document that proves nothing, since it is not there"),
    "HS0336": Code(
        "duty-open",
        "a law asks for something that nothing shows",
        severity="warning",
        waivable="somebody answers for a document that is still to come",
    ),
    "HS0337": Code(
        "device-untrusted", "a device lacks a security function that is asked of it", policy=True
    ),
    "HS0338": Code("security-unsupported", "a device claims what its board cannot do"),
    "HS0339": Code(
        "key-unprotected", "keys are to be in hardware where there is none", policy=True
    ),
    "HS0340": Code(
        "control-unexpressed",
        "a zone asks for a control that nothing carries out",
        policy=True,
        waivable="somebody carries it out outside of what is emitted",
    ),
    "HS0341": Code(
        "retention-conflict", "data has to be kept for longer than it may be", policy=True
    ),
    "HS0342": Code("duty-unmet", "a law asks for something that the spec lacks", policy=True),
    "HS0345": Code("release-invalid", "a release that takes no law off", policy=True),
    "HS0346": Code(
        "release-useless",
        "a release from a law that nothing there is under",
        severity="warning",
        waivable="it may be written ahead of data that is to come",
    ),
    "HS0347": Code(
        "identifiability-unproven",
        "what is said of the people in data does not go with its category",
        severity="warning",
    ),
    # check: the spec's own policies and plugins
    "HS0350": Code("condition-unusable", "a condition of a policy that cannot be judged"),
    "HS0351": Code(
        "policy-warning",
        "something that a policy of the spec advises against",
        policy=True,
        severity="warning",
        waivable="whoever wrote the policy made it advice",
    ),
    "HS0352": Code("plugin-unusable", "a plugin that cannot be asked, so that nobody judged"),
    "HS0353": Code("plugin-violated", "something that a plugin forbids", policy=True),
    "HS0354": Code(
        "plugin-warning",
        "something that a plugin advises against",
        policy=True,
        severity="warning",
        waivable="whoever wrote the plugin made it advice",
    ),
    # resolve: who signs the update channel
    "HS0360": Code("keys-too-few", "more keys have to sign than there are, or than was asked for"),
    "HS0361": Code("key-shared", "one key signs for two roles"),
    "HS0362": Code("signer-twice", "one person holds two keys of a role"),
    "HS0363": Code("root-by-one", "one key alone may say which keys count"),
    "HS0364": Code("development-key", "a development key in a stack that is no development"),
    "HS0365": Code(
        "key-unusable", "a key that cannot be opened, or whose public half is not there"
    ),
    # place
    "HS0401": Code("no-placement", "no placement meets every bound at once", policy=True),
    "HS0402": Code("search-too-large", "more combinations than can be searched exactly"),
    "HS0410": Code(
        "price-unlikely",
        "a price a hundred times above or below the usual one",
        severity="warning",
    ),
    "HS0411": Code("currency-unrated", "an amount in a currency that no rate is stated of"),
    "HS0415": Code(
        "buffer-outlives-retention", "events wait longer than they may be kept", policy=True
    ),
    "HS0420": Code("costs-too-large", "costs beyond what can be added up exactly"),
    "HS0422": Code("quota-exceeded", "a quota of a cloud account is too small", policy=True),
    "HS0423": Code("range-empty", "a range of device counts without any count in it"),
    "HS0424": Code(
        "line-exceeded", "the uplink that a site's devices share is too narrow", policy=True
    ),
    "HS0425": Code(
        "models-exclusive", "more models than one on a device that holds one", policy=True
    ),
    "HS0426": Code(
        "network-exceeded", "more is born at a site than its network carries", policy=True
    ),
    # emit
    "HS0501": Code("target-unsupported", "a target cannot express what the spec asks"),
    "HS0502": Code(
        "resource-outside-plan", "an emitted resource lies outside the plan", policy=True
    ),
    "HS0503": Code(
        "guard-missing", "an emitted program lacks what keeps data in place", policy=True
    ),
    # optimise
    "HS0601": Code("accuracy-below-floor", "a model misses its own accuracy floor", policy=True),
    "HS0602": Code("variant-rejected", "an optimised variant failed its gate", severity="warning"),
    "HS0603": Code(
        "estimate-missing",
        "no latency figures for a model on a device",
    ),
    "HS0604": Code(
        "split-useless", "a model that may be cut, and nowhere can be", severity="warning"
    ),
    # bundle: an archive that is not what somebody trusted signed
    "HS0701": Code(
        "bundle-refused", "a bundle is not whole, or not signed by who is trusted", policy=True
    ),
}
