"""Serves what is not an RPC: the API's documentation. No domain, no database."""
