"""The verbs of auth, one transaction each."""
