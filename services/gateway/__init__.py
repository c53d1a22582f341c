"""Owns the edge, the only way in from outside: configures Envoy from the contract and starts it.

Calls every service with its own certificate and the caller's token; no service calls it. Keeps no
data.
"""
