"""Writes the OpenAPI 3.1 document of the REST side from the contract's descriptor set.

Follows protobuf's JSON mapping and `google.api.http` as Envoy's transcoder applies them.
"""
