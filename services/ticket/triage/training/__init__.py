"""Makes the model. It needs the `train` extra, and is never loaded by the service."""
