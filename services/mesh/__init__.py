"""What every service stands on: settings, mutual TLS, servers, channels, errors, databases. Knows no service."""
