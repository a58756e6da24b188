# A sample for conftest over the normalised placement (schemas/placement.schema.json):
#   conftest test build/NAME/placement.json --policy docs --parser json
package main

import rego.v1

unsettled := {"gap", "violated"}

# Health data is stored only where the operator is bound by the law of one of these countries.
trusted := {"DE", "FR", "NL"}

labels := {label.node: label | some label in input.labels}

health(claim) if {
	some category in labels[claim.node].categories
	startswith(category, "user.health_and_medical")
}

deny contains message if {
	some claim in input.claims
	claim.facet == "store"
	health(claim)
	some operator in claim.operators
	not operator in trusted
	message := sprintf("%s: %s of zone %s is with an operator under the law of %s", [claim.id, claim.asset, claim.zone, operator])
}

# What is unknown is for a person to decide, not for a pipeline to pass.
deny contains message if {
	some claim in input.claims
	claim.verdict in unsettled
	claim.facet in {"store", "keys", "backup"}
	message := sprintf("%s: %s of %s in zone %s is %s (%s)", [claim.id, claim.facet, claim.asset, claim.zone, claim.verdict, claim.why])
}

warn contains message if {
	some claim in input.claims
	some obligation in claim.obligations
	obligation.met_by == ""
	message := sprintf("%s: still open for %s of %s: %s", [claim.id, claim.facet, claim.asset, obligation.text])
}

warn contains message if {
	some waiver in input.waivers
	waiver.type == "temporary"
	message := sprintf("%s is waived by %s until %s", [waiver.id, waiver.approver, waiver.expires])
}
