"""The names under which routes speak of filters."""

ANSWER_HEADERS = "envoy.filters.http.header_mutation"
BODY_CAP = "envoy.filters.http.buffer"
CORS = "envoy.filters.http.cors"
TENANT_LIMIT = "envoy.filters.http.local_ratelimit.tenant"
ADDRESS_LIMIT = "envoy.filters.http.local_ratelimit.address"
REQUEST_CHECK = "envoy.filters.http.lua"
TRANSCODER = "envoy.filters.http.grpc_json_transcoder"
