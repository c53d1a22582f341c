"""How Envoy's counters are labelled."""

from services.gateway.config import Config
from services.gateway.contract import Contract

_ENVOYS_TAGS = (
    "envoy.cluster_name",
    "envoy.http_conn_manager_prefix",
    "envoy.listener_address",
    "envoy.response_code",
    "envoy.response_code_class",
)


def stats_config(contract: Contract) -> Config:
    """Envoy's own pattern splits `helpdesk.ticket.v1.TicketService` at its first dot."""
    services = "|".join(service.replace(".", r"\.") for service in contract.services)
    return {
        "use_all_default_tags": False,
        "stats_tags": [
            *({"tag_name": name} for name in _ENVOYS_TAGS),
            {
                "tag_name": "grpc_service",
                "regex": rf"^cluster\.[^.]+\.grpc\.(({services})\.)",
            },
            {
                "tag_name": "grpc_method",
                "regex": rf"^cluster\.[^.]+\.grpc\.(?:{services})\.((\w+)\.)",
            },
        ],
    }
