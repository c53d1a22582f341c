"""Runs the search service: `python -m services.search`."""

from services.mesh.main import run_service
from services.search.server import NAME, serve_search
from services.search.settings import SearchSettings

if __name__ == "__main__":
    run_service(NAME, SearchSettings, serve_search)
