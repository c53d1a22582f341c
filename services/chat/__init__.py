"""Owns conversations: sessions, messages and the citations that answers rest on.

Calls search for passages and document versions, and ticket to hand a conversation to a person.
Called by the gateway.
"""
