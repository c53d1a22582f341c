"""Runs the search service: `python -m services.search`."""

import asyncio
import sys

from services.mesh.errors import StorageUnavailable
from services.mesh.logs import configure_logs
from services.mesh.settings import read_settings
from services.search.server import NAME, serve_search
from services.search.settings import SearchSettings


def main() -> None:
    settings = read_settings(SearchSettings)
    configure_logs(NAME, settings)
    try:
        asyncio.run(serve_search(settings))
    except (OSError, StorageUnavailable) as error:
        sys.exit(f"{NAME} cannot start: {error}")


if __name__ == "__main__":
    main()
