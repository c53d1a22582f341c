"""Refusals that are about roles and permissions."""

from services.auth.errors import DOMAIN
from services.mesh.errors import (
    Aborted,
    AlreadyExists,
    FailedPrecondition,
    FieldViolation,
    InvalidArgument,
    NotFound,
    PermissionDenied,
)


class RoleNotFound(NotFound):
    domain = DOMAIN
    reason = "ROLE_NOT_FOUND"

    def __init__(self, role: str) -> None:
        super().__init__("There is no such role.", metadata={"role": role})


class RoleNotGrantable(PermissionDenied):
    domain = DOMAIN
    reason = "ROLE_NOT_GRANTABLE"

    def __init__(self, role: str) -> None:
        super().__init__("You lack permissions that this role gives.", metadata={"role": role})


class RoleFixed(FailedPrecondition):
    domain = DOMAIN
    reason = "ROLE_FIXED"

    def __init__(self, role: str) -> None:
        super().__init__("A role of the product cannot be changed.", metadata={"role": role})


class RoleNameReserved(InvalidArgument):
    domain = DOMAIN
    reason = "ROLE_NAME_RESERVED"

    def __init__(self, role: str) -> None:
        super().__init__(
            "This name is kept for roles of the product.",
            metadata={"role": role},
            violations=[FieldViolation("role.name", "is reserved")],
        )


class RoleNameTaken(AlreadyExists):
    domain = DOMAIN
    reason = "ROLE_NAME_TAKEN"

    def __init__(self, role: str) -> None:
        super().__init__("A role of this name exists.", metadata={"role": role})


class RoleInUse(FailedPrecondition):
    domain = DOMAIN
    reason = "ROLE_IN_USE"

    def __init__(self, role: str) -> None:
        super().__init__("Somebody holds the role; take it away first.", metadata={"role": role})


class RoleChanged(Aborted):
    domain = DOMAIN
    reason = "ROLE_CHANGED"

    def __init__(self, etag: str = "") -> None:
        super().__init__(
            "The role has changed since you read it; read it again.", metadata={"etag": etag}
        )


class RoleFieldFixed(InvalidArgument):
    domain = DOMAIN
    reason = "ROLE_FIELD_FIXED"

    def __init__(self, field: str) -> None:
        super().__init__(
            f"The field '{field}' cannot be updated.",
            metadata={"field": field},
            violations=[FieldViolation("update_mask", f"'{field}' cannot be updated")],
        )


class PermissionUnknown(InvalidArgument):
    domain = DOMAIN
    reason = "PERMISSION_UNKNOWN"

    def __init__(self, permission: str) -> None:
        super().__init__(
            f"No permission '{permission}' can be given in a tenant.",
            metadata={"permission": permission},
        )


class PermissionNotGrantable(PermissionDenied):
    domain = DOMAIN
    reason = "PERMISSION_NOT_GRANTABLE"

    def __init__(self, permission: str) -> None:
        super().__init__(
            f"You lack the permission '{permission}' and cannot give it.",
            metadata={"permission": permission},
        )
