"""Makes a checked answer out of passages: choose, decide, verify, put into words."""
