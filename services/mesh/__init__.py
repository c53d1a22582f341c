"""What every service stands on; knows no service.

Settings, mutual TLS, servers and channels, errors, access decisions, databases, telemetry.
"""
