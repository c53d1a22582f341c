"""One file per command or group of commands; each holds what Typer reads and little else."""
