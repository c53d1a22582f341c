"""Who else is told what happens to tickets: from the outbox to addresses of a tenant's own."""
