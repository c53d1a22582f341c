"""How Envoy's counters are labelled."""

from services.gateway.config import Config
from services.gateway.contract import Contract


def stats_config(contract: Contract) -> Config:
    """Envoy's own pattern stops at the first dot, which splits `helpdesk.ticket.v1.TicketService`."""
    services = "|".join(service.replace(".", r"\.") for service in contract.services)
    return {
        "stats_tags": [
            {
                "tag_name": "grpc_service",
                "regex": rf"^cluster\.[^.]+\.grpc\.(({services})\.)",
            },
            {
                "tag_name": "grpc_method",
                "regex": rf"^cluster\.[^.]+\.grpc\.(?:{services})\.((\w+)\.)",
            },
        ]
    }
