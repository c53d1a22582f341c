"""Writes the OpenAPI 3.1 document of the REST side from the contract's descriptor set.

Follows the JSON mapping of protobuf and the HTTP rules of `google.api.http` as Envoy's transcoder applies them.
"""
