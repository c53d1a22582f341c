"""Search's composition root: makes each part once and hands it to the next."""

import asyncio
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import grpc

from helpdesk.search.v1 import (
    category_service_pb2_grpc,
    document_import_service_pb2_grpc,
    evaluation_service_pb2_grpc,
    grouping_service_pb2_grpc,
    index_service_pb2_grpc,
    publication_service_pb2_grpc,
    search_service_pb2_grpc,
    version_service_pb2_grpc,
)
from services.mesh.authority import RemoteAuthority
from services.mesh.caller import TenantId
from services.mesh.clock import Clock, utc_now
from services.mesh.contract import services_of
from services.mesh.database import Database
from services.mesh.purge import Purge
from services.mesh.server import serve
from services.mesh.tls import ensure_certificates
from services.search.encoder.chosen import chosen_encoder, encoder_of
from services.search.encoder.vocabulary import known_words
from services.search.evaluating import Evaluations
from services.search.evaluation_servicer import EvaluationServicer
from services.search.finding import Finder
from services.search.formats.converting import Converter
from services.search.frequencies import VisibleFrequencies
from services.search.handover import Handover
from services.search.index_edge import EdgeIndex
from services.search.indexing import Indexing
from services.search.library import Library
from services.search.metrics import index_metrics
from services.search.ports import DocumentStore, Encoder, FindEncoder, VectorIndex
from services.search.servicer import (
    CategoryServicer,
    DocumentImportServicer,
    GroupingServicer,
    IndexServicer,
    PublicationServicer,
    SearchServicer,
    VersionServicer,
)
from services.search.settings import SearchSettings
from services.search.store import SqlDocumentStore
from services.search.tables import Table
from services.search.vectors import Vectors, recipe_of

NAME = "search"
MIGRATIONS = Path(__file__).parent / "migrations"


@dataclass(frozen=True)
class Parts:
    library: Library
    finder: Finder
    indexing: Handover
    converter: Converter
    evaluations: Evaluations

    async def forget_tenant(self, tenant_id: TenantId) -> None:
        """What is kept of a tenant outside the database; to be called when that holds nothing."""
        await self.indexing.forget(tenant_id)
        self.finder.frequencies.forget(tenant_id)

    def register(self, server: grpc.aio.Server) -> None:
        documents = SearchServicer(self.library, self.finder)
        search_service_pb2_grpc.add_SearchServiceServicer_to_server(documents, server)
        categories = CategoryServicer(self.library)
        category_service_pb2_grpc.add_CategoryServiceServicer_to_server(categories, server)
        imports = DocumentImportServicer(self.library, self.converter)
        document_import_service_pb2_grpc.add_DocumentImportServiceServicer_to_server(
            imports, server
        )
        publications = PublicationServicer(self.library)
        publication_service_pb2_grpc.add_PublicationServiceServicer_to_server(publications, server)
        grouping = GroupingServicer(self.library)
        grouping_service_pb2_grpc.add_GroupingServiceServicer_to_server(grouping, server)
        index = IndexServicer(self.library)
        index_service_pb2_grpc.add_IndexServiceServicer_to_server(index, server)
        versions = VersionServicer(self.library)
        version_service_pb2_grpc.add_VersionServiceServicer_to_server(versions, server)
        evaluations = EvaluationServicer(self.evaluations)
        evaluation_service_pb2_grpc.add_EvaluationServiceServicer_to_server(evaluations, server)


async def serve_search(settings: SearchSettings) -> None:
    """Serves until the process is told to stop."""
    database = Database(settings.database_address(NAME))
    encoder, _, _ = await asyncio.gather(
        asyncio.to_thread(chosen_encoder, settings),
        database.migrate(MIGRATIONS),
        # The channel to auth needs its certificate before the server would make one.
        asyncio.to_thread(ensure_certificates, settings.certificates_folder),
    )
    index = make_index(settings, encoder)
    find_encoder = partial(encoder_of, settings)
    parts = assemble(SqlDocumentStore(database), index, encoder, utc_now, find_encoder=find_encoder)
    authority = RemoteAuthority(settings, caller_service=NAME)
    purge = Purge(authority, database, Table.metadata, [parts.forget_tenant])
    try:
        await serve(
            name=NAME,
            settings=settings,
            register=parts.register,
            services=services_of(NAME),
            authority=authority,
            database=database,
            background=[parts.indexing.keep_repairing, purge.run],
            ready=parts.indexing.compare,
            collectors=[index_metrics(parts.indexing)],
        )
    finally:
        await authority.close()
        await parts.indexing.close()
        await index.close()
        encoder.close()
        await database.close()


def make_index(settings: SearchSettings, encoder: Encoder) -> VectorIndex:
    recipe = recipe_of(encoder.name)
    if settings.qdrant_url is None:
        folder = settings.service_folder(NAME) / "index"
        return EdgeIndex(folder, recipe, encoder.dimensions)
    # The client takes more than a second to import, which only those with a server should wait.
    from services.search.index_server import connected  # noqa: PLC0415

    return connected(settings.qdrant_url, settings.qdrant_api_key, recipe, encoder.dimensions)


def assemble(
    store: DocumentStore,
    index: VectorIndex,
    encoder: Encoder,
    clock: Clock,
    converter: Converter | None = None,
    *,
    find_encoder: FindEncoder = lambda recipe: None,
) -> Parts:
    vectors = Vectors(encoder)
    indexing = Handover(store, Indexing(store, index, vectors), find_encoder)
    frequencies = VisibleFrequencies(store, clock=clock)
    finder = Finder(store, indexing, frequencies, known_words())
    return Parts(
        Library(store, vectors, indexing, frequencies, clock),
        finder,
        indexing,
        converter or Converter(),
        Evaluations(store.golden_sets, finder, clock),
    )
