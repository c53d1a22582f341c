"""Web pages: read, freed of what nobody sees, written as Markdown. For the worker only."""
