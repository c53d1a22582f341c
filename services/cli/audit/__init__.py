"""Audit chains as the command line reads, writes down and proves them."""
