"""Runs the auth service: `python -m services.auth`."""

from services.auth.server import NAME, run
from services.auth.settings import AuthSettings
from services.mesh.main import run_service

if __name__ == "__main__":
    run_service(NAME, AuthSettings, run)
