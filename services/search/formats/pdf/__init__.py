"""PDF: letters placed on pages, read back into text and tables. For the worker only."""
