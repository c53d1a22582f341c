"""Tickets as files: written out, and brought in."""
