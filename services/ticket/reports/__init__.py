"""What happened to many tickets, in numbers. Nothing here knows a wire or a database."""
