"""Every reason of the contract is a class that code can raise, and every class has its reason."""

import importlib
import pkgutil
import re

import pytest

import services
from services.gateway.openapi.source import Source
from services.mesh.errors import MeshError
from services.mesh.settings import REPOSITORY

SOURCE = Source((REPOSITORY / "gen" / "descriptors" / "helpdesk.binpb").read_bytes())
# The gateway answers these by itself, before any service.
GATEWAY_ONLY = {("helpdesk.mesh", "GATEWAY")}


def domain_of(area: str) -> str:
    return "helpdesk.mesh" if area == "common" else f"helpdesk.{area}"


def reasons_of_the_contract() -> set[tuple[str, str]]:
    return {
        (domain_of(enum.full_name.split(".")[1]), value.name.removeprefix("ERROR_REASON_"))
        for enum in SOURCE.error_reasons()
        for value in enum.values
        if value.number != 0
    }


@pytest.fixture(scope="module")
def classes() -> list[type[MeshError]]:
    for area in pkgutil.iter_modules(services.__path__):
        if importlib.util.find_spec(f"services.{area.name}.errors"):
            errors = importlib.import_module(f"services.{area.name}.errors")
            for one in pkgutil.iter_modules(getattr(errors, "__path__", ())):
                importlib.import_module(f"{errors.__name__}.{one.name}")
    return [
        found
        for found in subclasses(MeshError)
        if found.__module__.startswith("services.") and ".errors" in found.__module__
    ]


def subclasses(kind: type[MeshError]) -> set[type[MeshError]]:
    return {kind}.union(*(subclasses(each) for each in kind.__subclasses__()))


def test_every_reason_of_the_contract_has_its_class(classes: list[type[MeshError]]) -> None:
    raised = {(each.domain, each.reason) for each in classes if getattr(each, "reason", "")}

    assert reasons_of_the_contract() - raised == GATEWAY_ONLY


def test_every_class_has_its_reason_in_the_contract(classes: list[type[MeshError]]) -> None:
    raised = {(each.domain, each.reason) for each in classes if getattr(each, "reason", "")}

    assert raised - reasons_of_the_contract() == set()


def test_reasons_are_spelled_as_the_api_rules_ask() -> None:
    """AIP-193: upper snake case, at most 63 signs."""
    for _, reason in reasons_of_the_contract():
        assert re.fullmatch(r"[A-Z][A-Z0-9_]{0,62}", reason)
