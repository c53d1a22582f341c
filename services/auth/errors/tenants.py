"""Refusals that are about tenants."""

from services.auth.errors import DOMAIN
from services.mesh.errors import AlreadyExists, FailedPrecondition, NotFound, PermissionDenied


class TenantNotFound(NotFound):
    domain = DOMAIN
    reason = "TENANT_NOT_FOUND"

    def __init__(self, tenant_id: str = "") -> None:
        super().__init__("There is no such tenant.", metadata={"tenant_id": tenant_id})


class TenantSlugTaken(AlreadyExists):
    domain = DOMAIN
    reason = "TENANT_SLUG_TAKEN"

    def __init__(self, slug: str) -> None:
        super().__init__("A tenant with this slug exists.", metadata={"slug": slug})


class TenantSuspended(PermissionDenied):
    """Only for those whose credentials are right: to others the tenant may not exist."""

    domain = DOMAIN
    reason = "TENANT_SUSPENDED"

    def __init__(self) -> None:
        super().__init__("This tenant is suspended; ask the operator of the platform.")


class TenantDeleting(FailedPrecondition):
    domain = DOMAIN
    reason = "TENANT_DELETING"

    def __init__(self, tenant_id: str) -> None:
        super().__init__(
            "The tenant is being deleted, and that cannot be stopped.",
            metadata={"tenant_id": tenant_id},
        )


class TenantProtected(FailedPrecondition):
    domain = DOMAIN
    reason = "TENANT_PROTECTED"

    def __init__(self, tenant_id: str) -> None:
        super().__init__(
            "The platform's own tenant can be neither suspended nor deleted.",
            metadata={"tenant_id": tenant_id},
        )
