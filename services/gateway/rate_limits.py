"""How many calls a tenant, or an address without a token, may make in a second."""

from services.gateway.config import Config, typed
from services.gateway.settings import GatewaySettings

# Envoy keeps a bucket for this many tenants or addresses (its default of 20 forgets the 21st's).
_BUCKETS = 10_000
_UNLIMITED = 1_000_000_000


def tenant_limit(settings: GatewaySettings) -> Config:
    tenant = {
        "metadata": {
            "descriptor_key": "tenant",
            "metadata_key": {
                "key": "envoy.filters.http.jwt_authn",
                "path": [{"key": "claims"}, {"key": "tenant_id"}],
            },
            "skip_if_absent": True,
        }
    }
    return _limit(
        "tenant_limit",
        "tenant",
        tenant,
        _bucket(settings.tenant_requests_per_second, settings.tenant_burst),
    )


def address_limit(settings: GatewaySettings) -> Config:
    return _limit(
        "address_limit",
        "remote_address",
        {"remote_address": {}},
        _bucket(settings.anonymous_requests_per_second, settings.anonymous_burst),
    )


def _limit(stat_prefix: str, key: str, action: Config, bucket: Config) -> Config:
    always = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    return typed(
        "extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
        stat_prefix=stat_prefix,
        filter_enabled={**always, "runtime_key": f"{stat_prefix}.enabled"},
        filter_enforced={**always, "runtime_key": f"{stat_prefix}.enforced"},
        token_bucket=_bucket(_UNLIMITED, _UNLIMITED),
        always_consume_default_token_bucket=False,
        max_dynamic_descriptors=_BUCKETS,
        rate_limits=[{"actions": [action]}],
        # An entry without a value stands for one bucket per value.
        descriptors=[{"entries": [{"key": key}], "token_bucket": bucket}],
        rate_limited_as_resource_exhausted=True,
        enable_x_ratelimit_headers="DRAFT_VERSION_03",
        response_headers_to_add=[{"header": {"key": "retry-after", "value": "1"}}],
    )


def _bucket(per_second: int, burst: int) -> Config:
    return {"max_tokens": burst, "tokens_per_fill": per_second, "fill_interval": "1s"}
