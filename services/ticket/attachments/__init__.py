"""Files on tickets: how their bytes come, where they are, and how they go."""
