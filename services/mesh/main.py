"""What every service's `__main__` does: settings, logs, serve, one clear line when it cannot."""

import gc
import sys
from collections.abc import Awaitable, Callable

import uvloop

from services.mesh.contract import ContractError
from services.mesh.database_address import DatabaseUnsafe
from services.mesh.errors import Unavailable
from services.mesh.logs import configure_logs
from services.mesh.settings import AnySettings, read_settings


def run_service(
    name: str, kind: type[AnySettings], serve: Callable[[AnySettings], Awaitable[None]]
) -> None:
    """Serves until the process is told to stop; exits 1 when it cannot start."""
    settings = read_settings(kind)
    configure_logs(name, settings)
    # What was imported stays as long as the process; each look for garbage in all of it would hold
    # up every call.
    gc.collect()
    gc.freeze()

    async def run() -> None:
        await serve(settings)

    try:
        uvloop.run(run())
    except (OSError, Unavailable, ContractError, DatabaseUnsafe) as error:
        sys.exit(f"{name} cannot start: {error}")
