"""`helpdesk down`."""

from services.cli.background import stop_run
from services.cli.options import OutputOption
from services.cli.output import Format, say, write_json
from services.cli.supervisor.state import StateFile
from services.mesh.settings import MeshSettings, read_settings


def down(output: OutputOption = Format.TEXT) -> None:
    """Stop everything that runs on this data folder, and wait for it."""
    stopped = stop_run(StateFile(read_settings(MeshSettings).data))
    if output is Format.JSON:
        write_json({"stopped": stopped})
    else:
        say(f"stopped {', '.join(stopped)}" if stopped else "nothing was running")
