"""Drive the routing of tickets: in this process or on Temporal, a step at a time."""
