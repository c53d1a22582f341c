"""Watches a tenant go, service by service."""

import time
from collections.abc import Callable

import grpc

from helpdesk.auth.v1 import auth_pb2, tenant_service_pb2
from services.cli.gateway import Gateway
from services.cli.output import talk_console
from services.cli.refusals import reason_of, status_of
from services.cli.screens.tenants import progress_words

PATIENCE_SECONDS = 60.0
_SECONDS_BETWEEN_LOOKS = 0.3


def wait_until_gone(
    gateway: Gateway, tenant: auth_pb2.Tenant, sleep: Callable[[float], None] = time.sleep
) -> bool:
    """Whether it went within a minute; a service that is away may take longer."""
    request = tenant_service_pb2.GetTenantRequest(tenant_id=tenant.tenant_id)
    until = time.monotonic() + PATIENCE_SECONDS
    with talk_console().status("") as line:
        while time.monotonic() < until:
            line.update(f"{tenant.slug}: {progress_words(tenant)}")
            try:
                tenant = gateway.tenants.GetTenant(request)
            except grpc.RpcError as error:
                if reason_of(status_of(error)) != "TENANT_NOT_FOUND":
                    raise
                return True
            sleep(_SECONDS_BETWEEN_LOOKS)
    return False
