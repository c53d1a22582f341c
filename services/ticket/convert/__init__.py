"""Messages ↔ domain: a module for each noun."""
