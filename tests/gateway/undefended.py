"""Takes the gateway's defences out of a rendered configuration, for the controls of the tests."""

from collections.abc import Iterator
from typing import Any


def take_defences_down(configuration: Any) -> None:  # noqa: ANN401 - JSON of any shape
    for manager in _managers(configuration):
        del manager["early_header_mutation_extensions"]
        manager["path_with_escaped_slashes_action"] = "KEEP_UNCHANGED"
        manager["internal_address_config"] = {"cidr_ranges": [_ANYONE]}
        chain = {each["name"].rpartition(".")[2]: each for each in manager["http_filters"]}
        transcoder = chain["grpc_json_transcoder"]["typed_config"]
        transcoder["match_unregistered_custom_verb"] = False
        transcoder["request_validation_options"] = {}
        chain["lua"]["typed_config"]["default_source_code"]["inline_string"] = _NO_CHECK
        routes = manager["route_config"]["virtual_hosts"][0]["routes"]
        routes[:] = [route for route in routes if "direct_response" not in route]
        routes[-1]["route"] = {"cluster": "auth"}
        for route in routes:
            route.pop("request_headers_to_add", None)
            route["route"].pop("max_stream_duration", None)


def forget_identities(configuration: Any) -> None:  # noqa: ANN401 - JSON of any shape
    """Any certificate of the mesh's authority will do."""
    for cluster in configuration["static_resources"]["clusters"]:
        if "transport_socket" in cluster:
            context = cluster["transport_socket"]["typed_config"]["common_tls_context"]
            del context["validation_context"]["match_typed_subject_alt_names"]


def _managers(configuration: Any) -> Iterator[Any]:  # noqa: ANN401 - JSON of any shape
    for listener in configuration["static_resources"]["listeners"]:
        yield listener["filter_chains"][0]["filters"][0]["typed_config"]


_ANYONE = {"address_prefix": "0.0.0.0", "prefix_len": 0}  # noqa: S104 - trusted, not listened on
_NO_CHECK = "function envoy_on_request(handle) end"
