"""Owns tenants, users, roles, sessions, signing keys and the access policy.

Calls no other service; all others ask it for its keys and its policy, the gateway for the rest.
"""
