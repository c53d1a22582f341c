"""What is done to headers and paths before anything looks at them."""

from services.gateway.config import Config, typed

# Headers that only the mesh itself may set. Services ignore most of them; a client never gets to try.
_FORGEABLE = ("x-tenant", "x-user", "x-envoy-", "x-forwarded-client-cert", "x-helpdesk-")


def header_hygiene() -> Config:
    return {
        "use_remote_address": True,
        # No address is trusted to speak for the mesh, not even one of a private network.
        "internal_address_config": {"unix_sockets": False},
        "forward_client_cert_details": "SANITIZE",
        "early_header_mutation_extensions": [_remove_forgeable()],
        "generate_request_id": True,
        "always_set_request_id_in_response": True,
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
    }


def _remove_forgeable() -> Config:
    mutations = [
        {"remove_on_match": {"key_matcher": {"prefix": prefix, "ignore_case": True}}}
        for prefix in _FORGEABLE
    ]
    return {
        "name": "envoy.http.early_header_mutation.header_mutation",
        "typed_config": typed(
            "extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation",
            mutations=mutations,
        ),
    }
