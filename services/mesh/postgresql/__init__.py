"""What PostgreSQL does for us beside SQL: roles that may little, and rows that hide from them."""
