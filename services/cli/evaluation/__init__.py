"""Golden sets: read from files, found by name."""
