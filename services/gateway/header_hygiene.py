"""What is done to headers and paths before anything looks at them."""

from services.gateway.config import Config, typed

# Headers that only the mesh itself may set.
_FORGEABLE = ("x-tenant", "x-user", "x-envoy-", "x-forwarded-client-cert", "x-helpdesk-")
# gRPC's notes from hop to hop. No client needs one, and a server that cannot read one fails calls.
_HOP_BY_HOP = ("grpc-internal-", "grpc-previous-", "grpc-retry-", "grpc-status", "grpc-message")
_BINARY_SUFFIX = "-bin"


_NO_ONE: Config = {"address_prefix": "255.255.255.255", "prefix_len": 32}


def header_hygiene() -> Config:
    return {
        "use_remote_address": True,
        # Nobody speaks for the mesh, not even from a private network (which an empty list means).
        "internal_address_config": {"cidr_ranges": [_NO_ONE]},
        "forward_client_cert_details": "SANITIZE",
        "early_header_mutation_extensions": [_removals()],
        "generate_request_id": True,
        "always_set_request_id_in_response": True,
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
    }


def _removals() -> Config:
    matchers: list[Config] = [{"prefix": prefix} for prefix in (*_FORGEABLE, *_HOP_BY_HOP)]
    matchers.append({"suffix": _BINARY_SUFFIX})
    mutations = [
        {"remove_on_match": {"key_matcher": {**matcher, "ignore_case": True}}}
        for matcher in matchers
    ]
    return {
        "name": "envoy.http.early_header_mutation.header_mutation",
        "typed_config": typed(
            "extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation",
            mutations=mutations,
        ),
    }
