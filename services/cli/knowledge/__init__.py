"""Brings a folder of Markdown files into a tenant's knowledge base."""
