"""The command `helpdesk`: runs the mesh on one machine, and is a client of its gateway."""
