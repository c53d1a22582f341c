"""What is done with a ticket next, by the tenant's policy; no clock, no wire, no database."""
