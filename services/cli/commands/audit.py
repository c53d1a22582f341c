"""`helpdesk audit …`."""

import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from helpdesk.common.v1 import audit_pb2
from services.cli.audit.export import export
from services.cli.audit.lines import line_of
from services.cli.audit.offline import GivenKeys, Proof, prove
from services.cli.audit.reading import Read, newest, records_after
from services.cli.failures import CommandError
from services.cli.gateway import Gateway
from services.cli.messages import message_json
from services.cli.options import OutputOption, RoleOption, TenantOption
from services.cli.output import Format, say, show, write, write_json
from services.cli.people import names_of_users
from services.cli.screens.audit import record_lines, verdict_lines
from services.cli.session import Role, session
from services.mesh.settings import MeshSettings, read_settings

app = typer.Typer(no_args_is_help=True)


class Service(StrEnum):
    AUTH = "auth"
    TICKET = "ticket"
    SEARCH = "search"
    CHAT = "chat"


_SECONDS_BETWEEN_LOOKS = 2.0

ServiceOption = Annotated[
    list[Service] | None, typer.Option("--service", help="Only this service's; repeat it.")
]


@app.command("tail")
def tail(
    *,
    count: Annotated[int, typer.Option("-n", min=0, help="The most records to begin with.")] = 20,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Wait for more.")] = False,
    service: ServiceOption = None,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Show what was done lately: who, what, on what, and how it ended."""
    with _gateway(tenant, role) as gateway:
        services = _chosen(service)
        latest = {name: newest(gateway, name, max(count, 1)) for name in services}
        seen = {name: reads[-1].record.seq if reads else 0 for name, reads in latest.items()}
        merged = _in_order([read for reads in latest.values() for read in reads])
        names = names_of_users(gateway) if output is Format.TEXT else {}
        _show(merged[len(merged) - count :] if count < len(merged) else merged, names, output)
        while follow:
            time.sleep(_SECONDS_BETWEEN_LOOKS)
            fresh = [read for name in services for read in records_after(gateway, name, seen[name])]
            for read in fresh:
                seen[read.service] = read.record.seq
            if any(read.record.user_id not in names for read in fresh) and names:
                names = names_of_users(gateway)
            _show(_in_order(fresh), names, output, headed=False)


@app.command("export")
def export_records(
    *,
    to: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")],
    service: ServiceOption = None,
    tenant: TenantOption = None,
    role: RoleOption = None,
) -> None:
    """Write all records to a file, one JSON object a line; run again to add what is new."""
    with _gateway(tenant, role) as gateway:
        added = export(gateway, _chosen(service), to)
    parts = ", ".join(f"{name} {count:,}" for name, count in added.items())
    say(f"{added.total():,} records added to {to}" + (f" ({parts})" if parts else ""))
    say(f"hint: helpdesk audit verify --file {to} --key KEYFILE")


@app.command("verify")
def verify(
    *,
    file: Annotated[
        Path | None, typer.Option(help="An export to prove, without a service.")
    ] = None,
    key: Annotated[
        list[Path] | None,
        typer.Option(help="A key file, or a folder that holds them; repeat it.", exists=True),
    ] = None,
    service: ServiceOption = None,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Prove that no record was changed, removed or added; exit code 1 names the first bad one."""
    if file is not None:
        _verify_file(file, key or [], output)
        return
    if key:
        raise CommandError("A key is for an export.", hint="add --file EXPORT", code="FILE_MISSING")
    with _gateway(tenant, role) as gateway:
        verdicts = {
            name: gateway.audits[name].VerifyAudit(audit_pb2.VerifyAuditRequest()).verdict
            for name in _chosen(service)
        }
    _tell(verdicts, output)


def _tell(verdicts: Mapping[str, audit_pb2.AuditVerdict], output: Format) -> None:
    if output is Format.JSON:
        parts = [f'"{name}": {message_json(verdict)}' for name, verdict in verdicts.items()]
        write("{" + ",\n".join(parts) + "}\n")
    else:
        show(verdict_lines(verdicts))
    bad = [
        f"{name}: {verdict.fault.description}"
        for name, verdict in verdicts.items()
        if verdict.HasField("fault")
    ]
    if bad:
        raise CommandError("; ".join(bad), code="AUDIT_BAD")


def _verify_file(file: Path, keys: list[Path], output: Format) -> None:
    if not file.is_file():
        raise CommandError(f"There is no file {file}.", code="FILE_MISSING")
    if not keys:
        raise CommandError(
            "An export is proved with the keys of its services.",
            hint=f"helpdesk audit verify --file {file} --key {read_settings(MeshSettings).data}",
            code="KEY_MISSING",
        )
    proofs = prove(file, GivenKeys(keys))
    if output is Format.JSON:
        write_json([_proof_values(proof) for proof in proofs])
    else:
        for proof in proofs:
            verdict = "sound" if proof.is_sound else proof.what
            write(f"{proof.service:8} {proof.sound_count:>9,} sound records   {verdict}\n")
        say("Records after the last ones of the file are not covered; without --file they are.")
    bad = [f"{proof.service}: {proof.what}" for proof in proofs if not proof.is_sound]
    if bad:
        raise CommandError("; ".join(bad), code="AUDIT_BAD")


def _proof_values(proof: Proof) -> dict[str, object]:
    return {
        "service": proof.service,
        "tenantId": proof.tenant_id,
        "soundCount": proof.sound_count,
        "fault": None if proof.is_sound else {"seq": proof.bad_seq, "description": proof.what},
    }


def _show(
    reads: list[Read], names: Mapping[str, str], output: Format, *, headed: bool = True
) -> None:
    if output is Format.JSON:
        write("".join(map(line_of, reads)))
    elif reads:
        show(record_lines(reads, names, headed=headed))


def _in_order(reads: list[Read]) -> list[Read]:
    return sorted(reads, key=lambda read: read.record.create_time.ToMicroseconds())


def _chosen(services: list[Service] | None) -> list[str]:
    return [each.value for each in services or Service]


def _gateway(tenant: str | None, role: Role | None) -> AbstractContextManager[Gateway]:
    return session(read_settings(MeshSettings), tenant, role, usually=Role.ADMIN)
