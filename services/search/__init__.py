"""Search keeps the tenants' knowledge bases and finds passages in them.

It calls nobody but auth for keys and policy; gateway, chat and ticket call it.
"""
