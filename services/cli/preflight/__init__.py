"""Looks before the start whether the machine can carry the mesh."""
