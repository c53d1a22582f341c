"""How messages of the contract look on a terminal."""
