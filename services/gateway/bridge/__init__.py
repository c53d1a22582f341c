"""Serves what is not an RPC: the documentation, the OpenID provider. No domain, no database."""
