"""Brings a folder of files into a tenant's knowledge base."""
