"""An installation on PostgreSQL, in the roles that `infra/postgresql/roles.sql` makes."""

from services.mesh.settings import REPOSITORY
from tests.support.databases import PostgresqlServer

SERVICES = ("auth", "ticket", "search", "chat")
ROLES = {"": "", "OWNER_": "_owner", "SYSTEM_": "_system"}


def postgresql_environment(server: PostgresqlServer) -> dict[str, str]:
    """Makes the roles and databases of a fresh server and says where they are."""
    for statement in _statements():
        server.execute(statement)
    return {
        f"HELPDESK_{service.upper()}_DATABASE_{setting}URL": server.url(
            f"helpdesk_{service}", f"helpdesk_{service}{suffix}"
        )
        for service in SERVICES
        for setting, suffix in ROLES.items()
    }


def _statements() -> list[str]:
    script = (REPOSITORY / "infra" / "postgresql" / "roles.sql").read_text(encoding="utf-8")
    code = "\n".join(line for line in script.splitlines() if not line.startswith("--"))
    return [statement.strip() for statement in code.split(";") if statement.strip()]
