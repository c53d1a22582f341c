"""The tables: a module for each noun."""
