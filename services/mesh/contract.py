"""What the contract says about each RPC, read from the generated descriptors."""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

from helpdesk.options.v1 import policy_pb2


class ContractError(Exception):
    """The contract is incomplete; no server starts on it."""


@dataclass(frozen=True)
class MethodPolicy:
    permission: str
    public: bool
    callers: frozenset[str]
    audited: bool
    default_timeout_seconds: float
    max_timeout_seconds: float
    idempotent: bool
    across_tenants: bool = False


class Contract:
    """The policies of the given services. Raises ContractError when one is missing or unusable."""

    def __init__(self, services: Iterable[str]) -> None:
        self._policies = {
            full_name(method): read_policy(method)
            for service in services
            for method in find_service(service).methods
        }

    def policy(self, method: str) -> MethodPolicy:
        """`method` is spelled as on the wire: `/helpdesk.ticket.v1.TicketService/GetTicket`."""
        try:
            return self._policies[method]
        except KeyError:
            raise ContractError(f"{method} has no policy") from None

    def methods(self) -> Iterator[tuple[str, MethodPolicy]]:
        yield from self._policies.items()


def services_of(area: str) -> tuple[str, ...]:
    """The full names of an area's services: `auth` has `helpdesk.auth.v1.TokenService` and more."""
    package = importlib.import_module(f"helpdesk.{area}.v1")
    modules = [
        importlib.import_module(f"{package.__name__}.{module.name}")
        for module in pkgutil.iter_modules(package.__path__)
        if module.name.endswith("_service_pb2")
    ]
    return tuple(
        service.full_name
        for module in modules
        for service in module.DESCRIPTOR.services_by_name.values()
    )


def find_service(name: str) -> ServiceDescriptor:
    with suppress(KeyError):
        return descriptor_pool.Default().FindServiceByName(name)
    # A stub's module brings the messages in; where they live elsewhere, nobody has brought this.
    with suppress(ImportError, IndexError, KeyError):
        services_of(name.split(".")[1])
        return descriptor_pool.Default().FindServiceByName(name)
    raise ContractError(f"{name} is not a service of the contract")


def find_method(full: str) -> MethodDescriptor:
    _, service, name = full.split("/")
    method = find_service(service).methods_by_name.get(name)
    if method is None:
        raise ContractError(f"{full} is not a method of the contract")
    return method


def full_name(method: MethodDescriptor) -> str:
    return f"/{method.containing_service.full_name}/{method.name}"


def read_policy(method: MethodDescriptor) -> MethodPolicy:
    options = method.GetOptions()
    if not options.HasExtension(policy_pb2.policy):
        raise ContractError(f"{full_name(method)} has no policy")
    stated = options.Extensions[policy_pb2.policy]
    policy = MethodPolicy(
        permission=stated.permission,
        public=stated.public,
        callers=frozenset(stated.callers),
        audited=stated.audited,
        default_timeout_seconds=stated.default_timeout.ToTimedelta().total_seconds(),
        max_timeout_seconds=stated.max_timeout.ToTimedelta().total_seconds(),
        idempotent=stated.idempotent,
        across_tenants=stated.across_tenants,
    )
    if not policy.callers:
        raise ContractError(f"{full_name(method)} names no callers")
    if policy.public == bool(policy.permission):
        raise ContractError(f"{full_name(method)} needs either a permission or `public`")
    if policy.public and policy.across_tenants:
        raise ContractError(f"{full_name(method)} is for operators, so it cannot be public")
    if not 0 < policy.default_timeout_seconds <= policy.max_timeout_seconds:
        raise ContractError(f"{full_name(method)} needs 0 < default_timeout <= max_timeout")
    return policy
