"""How Envoy's counters are labelled."""

from services.gateway.config import Config

_ENVOYS_TAGS = (
    "envoy.cluster_name",
    "envoy.http_conn_manager_prefix",
    "envoy.listener_address",
    "envoy.response_code",
    "envoy.response_code_class",
)


# Package, area, version and service: `helpdesk.ticket.v1.TicketService`.
_SERVICE = r"\w+\.\w+\.v\d+\.\w+"


def stats_config() -> Config:
    """Envoy's own pattern splits `helpdesk.ticket.v1.TicketService` at its first dot."""
    return {
        "use_all_default_tags": False,
        "stats_tags": [
            *({"tag_name": name} for name in _ENVOYS_TAGS),
            {"tag_name": "grpc_service", "regex": rf"^cluster\.[^.]+\.grpc\.(({_SERVICE})\.)"},
            {
                "tag_name": "grpc_method",
                "regex": rf"^cluster\.[^.]+\.grpc\.(?:{_SERVICE})\.((\w+)\.)",
            },
        ],
    }
