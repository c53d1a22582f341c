"""Word documents: unpacked with care, freed of what nobody sees, read. For the worker only."""
