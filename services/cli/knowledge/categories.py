"""The categories of the knowledge base, page by page."""

from helpdesk.search.v1 import category_service_pb2, readers_pb2
from services.cli.gateway import Gateway


def list_categories(gateway: Gateway) -> list[readers_pb2.Category]:
    categories: list[readers_pb2.Category] = []
    token = ""
    while True:
        page = gateway.categories.ListCategories(
            category_service_pb2.ListCategoriesRequest(page_size=100, page_token=token)
        )
        categories += page.categories
        token = page.next_page_token
        if not token:
            return categories
