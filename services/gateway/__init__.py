"""Owns the edge: the only way in from outside. Envoy is configured from the contract and started here.

Calls every service with its own certificate and a caller's token; no service calls it. Keeps no data.
"""
