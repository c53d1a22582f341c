"""Owns tickets, their comments and their log, and an outbox of what happened to them.

Asks auth for signing keys and policy; the gateway and chat call it.
"""
