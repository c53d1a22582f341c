"""Search's tables. Each begins with the tenant, and so does each of their keys and indexes."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKeyConstraint, Index, LargeBinary, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from services.mesh.audit.tables import audit_tables
from services.mesh.columns import UtcDateTime, naming
from services.mesh.idempotency import idempotency_table

_ID = String(64)
# Both databases then sort and page alike.
_URI = String(500).with_variant(String(500, collation="C"), "postgresql")
_CATEGORY = String(60)
_NAME = String(60).with_variant(String(60, collation="C"), "postgresql")
# Room for `user:` and an id.
_READER = String(80)


class Table(DeclarativeBase):
    metadata = MetaData(naming_convention=naming)


class DocumentRow(Table):
    """`version` is the newest; title, category, hash, count and dates are the published version's.

    Where none is published, they are what they last were, and nobody is shown them.
    """

    __tablename__ = "documents"
    __table_args__ = (
        Index("uq_documents_tenant_id_source_uri", "tenant_id", "source_uri", unique=True),
        Index("ix_documents_by_effective_from", "tenant_id", "effective_from"),
        Index("ix_documents_by_effective_until", "tenant_id", "effective_until"),
    )

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    document_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    source_uri: Mapped[str] = mapped_column(_URI)
    title: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)
    version: Mapped[int]
    content_hash: Mapped[str] = mapped_column(String(64))
    chunk_count: Mapped[int]
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    update_time: Mapped[datetime] = mapped_column(UtcDateTime)
    delete_time: Mapped[datetime | None] = mapped_column(UtcDateTime)
    source_media_type: Mapped[str] = mapped_column(Text, server_default="")
    source_sha256: Mapped[str] = mapped_column(String(64), server_default="")
    published_version: Mapped[int] = mapped_column(server_default="0")
    archive_time: Mapped[datetime | None] = mapped_column(UtcDateTime)
    effective_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    effective_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class VersionRow(Table):
    """Without `publish_time` nobody but who manages documents has ever been shown it."""

    __tablename__ = "document_versions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "document_id"], ["documents.tenant_id", "documents.document_id"]
        ),
    )

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    document_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    source_uri: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)
    content: Mapped[str] = mapped_column(Text)
    content_hash: Mapped[str] = mapped_column(String(64))
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    source_media_type: Mapped[str] = mapped_column(Text, server_default="")
    source_sha256: Mapped[str] = mapped_column(String(64), server_default="")
    publish_time: Mapped[datetime | None] = mapped_column(UtcDateTime)
    effective_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    effective_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    restored_version: Mapped[int] = mapped_column(server_default="0")


class ChunkRow(Table):
    """The chunks of published versions only: what can be found."""

    __tablename__ = "chunks"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "document_id", "version"],
            [
                "document_versions.tenant_id",
                "document_versions.document_id",
                "document_versions.version",
            ],
        ),
        Index("ix_chunks_by_document", "tenant_id", "document_id", "position"),
    )

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    chunk_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    document_id: Mapped[str] = mapped_column(_ID)
    version: Mapped[int]
    position: Mapped[int]
    headings: Mapped[list[str]] = mapped_column(JSON)
    lead: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    start: Mapped[int] = mapped_column("first_character")
    end: Mapped[int] = mapped_column("end_character")


class EmbeddingRow(Table):
    __tablename__ = "embeddings"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "chunk_id"],
            ["chunks.tenant_id", "chunks.chunk_id"],
            ondelete="CASCADE",
        ),
    )

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    chunk_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    recipe: Mapped[str] = mapped_column(Text)
    meaning: Mapped[bytes] = mapped_column(LargeBinary)
    terms: Mapped[bytes] = mapped_column(LargeBinary)


class DocumentReaderRow(Table):
    """Who a document names; one that names nobody admits everybody."""

    __tablename__ = "document_readers"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "document_id"], ["documents.tenant_id", "documents.document_id"]
        ),
        Index("ix_document_readers_by_reader", "tenant_id", "reader"),
    )

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    document_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    reader: Mapped[str] = mapped_column(_READER, primary_key=True)


class CategoryRow(Table):
    """The categories that have had readers; its row is what a change of them locks."""

    __tablename__ = "categories"

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    category: Mapped[str] = mapped_column(_CATEGORY, primary_key=True)
    category_id: Mapped[str] = mapped_column(_ID)


class CategoryReaderRow(Table):
    """Who a category names; one that names nobody admits everybody."""

    __tablename__ = "category_readers"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "category"], ["categories.tenant_id", "categories.category"]
        ),
    )

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    category: Mapped[str] = mapped_column(_CATEGORY, primary_key=True)
    reader: Mapped[str] = mapped_column(_READER, primary_key=True)


class GoldenSetRow(Table):
    """A set of labelled questions; its row is what a change of them locks."""

    __tablename__ = "golden_sets"
    __table_args__ = (Index("uq_golden_sets_tenant_id_name", "tenant_id", "name", unique=True),)

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    golden_set_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    name: Mapped[str] = mapped_column(_NAME)
    question_count: Mapped[int]
    update_time: Mapped[datetime] = mapped_column(UtcDateTime)


class GoldenQuestionRow(Table):
    __tablename__ = "golden_questions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "golden_set_id"], ["golden_sets.tenant_id", "golden_sets.golden_set_id"]
        ),
    )

    tenant_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    golden_set_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    text: Mapped[str] = mapped_column(Text)
    source_uris: Mapped[list[str]] = mapped_column(JSON)


remembered_replies = idempotency_table(Table.metadata)
audit = audit_tables(Table.metadata)
