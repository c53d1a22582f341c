"""Runs the chat service: `python -m services.chat`."""

import asyncio
import sys

from services.chat.server import NAME, serve_chat
from services.mesh.errors import MeshError
from services.mesh.logs import configure_logs
from services.mesh.settings import MeshSettings, read_settings


def main() -> None:
    settings = read_settings(MeshSettings)
    configure_logs(NAME, settings)
    try:
        asyncio.run(serve_chat(settings))
    # What a taken port, a wrong address or an absent database raise; all else is a bug of ours.
    except (MeshError, OSError, RuntimeError, ValueError) as error:
        sys.exit(f"{NAME} cannot start: {error}")


if __name__ == "__main__":
    main()
