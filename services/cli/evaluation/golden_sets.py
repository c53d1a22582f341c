"""The golden sets of a tenant, page by page and by name."""

from helpdesk.search.v1 import evaluation_service_pb2
from services.cli.failures import CommandError
from services.cli.gateway import Gateway


def list_golden_sets(gateway: Gateway) -> list[evaluation_service_pb2.GoldenSet]:
    golden_sets: list[evaluation_service_pb2.GoldenSet] = []
    token = ""
    while True:
        page = gateway.evaluations.ListGoldenSets(
            evaluation_service_pb2.ListGoldenSetsRequest(page_size=100, page_token=token)
        )
        golden_sets += page.golden_sets
        token = page.next_page_token
        if not token:
            return golden_sets


def find_golden_set(gateway: Gateway, name: str) -> str:
    """The id of the set of this name."""
    for golden_set in list_golden_sets(gateway):
        if golden_set.name == name:
            return golden_set.golden_set_id
    raise CommandError(
        f"There is no golden set {name}.", hint="helpdesk eval list", code="GOLDEN_SET_NOT_FOUND"
    )
