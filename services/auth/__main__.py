"""Runs auth: python -m services.auth."""

import asyncio
import sys

from services.auth.server import run
from services.auth.settings import AuthSettings
from services.mesh.errors import MeshError
from services.mesh.settings import read_settings


def main() -> None:
    settings = read_settings(AuthSettings)
    try:
        asyncio.run(run(settings))
    # What a wrong address, a taken port or an absent database raise; all else is a bug of ours.
    except (MeshError, OSError, RuntimeError, ValueError) as error:
        sys.stderr.write(f"auth cannot start: {error}\n")
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
