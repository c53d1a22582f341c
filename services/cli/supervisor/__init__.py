"""Keeps the mesh's processes running: which there are, how they start, serve and end."""
