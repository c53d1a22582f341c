"""Seeds the demo when it is missing."""

import os
from pathlib import Path

import grpc

from services.cli.demo.catalogue import DemoTenant, read_demo
from services.cli.demo.login_book import LoginBook
from services.cli.demo.seeding import Seeder, Tell
from services.cli.demo.switchboard import Switchboard
from services.cli.failures import CommandError
from services.cli.gateway import Address
from services.cli.profiles import ProfileFile
from services.cli.refusals import from_rpc
from services.mesh.settings import MeshSettings


def seed_demo(
    settings: MeshSettings, address: Address, tell: Tell, tenants: tuple[DemoTenant, ...] = ()
) -> int:
    """Returns how many tenants were made or completed. Raises CommandError."""
    book = LoginBook(ProfileFile(settings.data))
    password = operator_password(settings)
    try:
        with Switchboard(address, password) as switchboard:
            seeder = Seeder(switchboard, book, tell)
            missing = seeder.missing(tenants or read_demo())
            for tenant in missing:
                seeder.seed(tenant)
            return len(missing)
    except grpc.RpcError as error:
        raise from_rpc(error, address.url) from None


def operator_password(settings: MeshSettings) -> str:
    chosen = os.environ.get("HELPDESK_OPERATOR_PASSWORD")
    if chosen:
        return chosen
    file: Path = settings.service_folder("auth") / "operator-password"
    try:
        return file.read_text().strip()
    except OSError as error:
        raise CommandError(
            f"The operator's password cannot be read from {file}: {error.strerror}.",
            hint="HELPDESK_OPERATOR_PASSWORD=… helpdesk up, or helpdesk up --no-demo",
            code="OPERATOR_PASSWORD_MISSING",
        ) from None
