"""E-mail: what comes in becomes tickets and comments, and what agents answer goes out."""
