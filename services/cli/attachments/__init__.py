"""Files of tickets on their way between a disk and the gateway."""
