"""Drives the routing of tickets on Temporal; loaded only where that engine is used."""
