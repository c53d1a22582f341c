"""Roles of a tenant's own making: message in, one use case, message out."""

from helpdesk.auth.v1 import auth_pb2, role_service_pb2, role_service_pb2_grpc
from services.auth.convert import role_message, role_of
from services.auth.permissions import methods_by_permission
from services.auth.ports import AuthStore
from services.auth.servicer.author import author
from services.auth.use_cases import roles
from services.mesh.interceptors.chain import Context


class RoleServicer(role_service_pb2_grpc.RoleServiceServicer):
    def __init__(self, store: AuthStore) -> None:
        self._store = store

    async def CreateRole(
        self, request: role_service_pb2.CreateRoleRequest, context: Context
    ) -> auth_pb2.Role:
        return role_message(await roles.create_role(self._store, author(), role_of(request.role)))

    async def UpdateRole(
        self, request: role_service_pb2.UpdateRoleRequest, context: Context
    ) -> auth_pb2.Role:
        return role_message(
            await roles.update_role(
                self._store,
                author(),
                role_of(request.role),
                paths=request.update_mask.paths,
                etag=request.role.etag,
            )
        )

    async def DeleteRole(
        self, request: role_service_pb2.DeleteRoleRequest, context: Context
    ) -> role_service_pb2.DeleteRoleResponse:
        await roles.delete_role(self._store, author(), request.name)
        return role_service_pb2.DeleteRoleResponse()

    async def ListPermissions(
        self, request: role_service_pb2.ListPermissionsRequest, context: Context
    ) -> role_service_pb2.ListPermissionsResponse:
        return role_service_pb2.ListPermissionsResponse(
            permissions=[
                role_service_pb2.Permission(name=name, methods=methods)
                for name, methods in methods_by_permission().items()
            ]
        )
