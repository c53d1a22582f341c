"""Runs the chat service: `python -m services.chat`."""

from services.chat.server import NAME, serve_chat
from services.mesh.main import run_service
from services.mesh.settings import MeshSettings

if __name__ == "__main__":
    run_service(NAME, MeshSettings, serve_chat)
