"""What lists are filtered and ordered by, and how that is read from text."""
