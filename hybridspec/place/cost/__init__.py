"""Total cost of ownership over the horizon, each term named with its inputs, in micro-units.

Terms of a flow depend on nothing but its own way to run at its site, so that they add up.
"""

from hybridspec.place.cost.cloud import inference as inference
from hybridspec.place.cost.cloud import inference_carbon as inference_carbon
from hybridspec.place.cost.device import device_terms as device_terms
from hybridspec.place.cost.device import unit_cost as unit_cost
from hybridspec.place.cost.energy import energy as energy
from hybridspec.place.cost.energy import kwh as kwh
from hybridspec.place.cost.network import received as received
from hybridspec.place.cost.network import returned as returned
from hybridspec.place.cost.network import sent as sent
from hybridspec.place.cost.services import messages as messages
from hybridspec.place.cost.services import processed as processed
from hybridspec.place.cost.services import writes as writes
from hybridspec.place.cost.standing import fleet_terms as fleet_terms
from hybridspec.place.cost.standing import zone_terms as zone_terms
from hybridspec.place.cost.storage import storage as storage
