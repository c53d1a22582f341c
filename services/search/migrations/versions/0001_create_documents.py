"""Creates the tables of documents, their versions, chunks and embeddings."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations

from services.mesh.columns import UtcDateTime
from services.mesh.row_security import enable_row_security

revision = "0001"
down_revision = None

_ID = sa.String(64)
_HASH = sa.String(64)
_URI = sa.String(500).with_variant(sa.String(500, collation="C"), "postgresql")


def upgrade() -> None:
    _create_documents()
    _create_chunks()
    operations = Operations(op.get_context())
    for table in ("documents", "document_versions", "chunks", "embeddings"):
        enable_row_security(operations, table)


def _create_documents() -> None:
    op.create_table(
        "documents",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("document_id", _ID, nullable=False),
        sa.Column("source_uri", _URI, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("content_hash", _HASH, nullable=False),
        sa.Column("chunk_count", sa.Integer, nullable=False),
        sa.Column("create_time", UtcDateTime, nullable=False),
        sa.Column("update_time", UtcDateTime, nullable=False),
        sa.Column("delete_time", UtcDateTime),
        sa.PrimaryKeyConstraint("tenant_id", "document_id", name="pk_documents"),
    )
    op.create_index(
        "uq_documents_tenant_id_source_uri", "documents", ["tenant_id", "source_uri"], unique=True
    )
    op.create_table(
        "document_versions",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("document_id", _ID, nullable=False),
        sa.Column("version", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("source_uri", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("content_hash", _HASH, nullable=False),
        sa.Column("create_time", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "document_id", "version", name="pk_document_versions"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "document_id"],
            ["documents.tenant_id", "documents.document_id"],
            name="fk_document_versions_tenant_id_document_id_documents",
        ),
    )


def _create_chunks() -> None:
    op.create_table(
        "chunks",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("chunk_id", _ID, nullable=False),
        sa.Column("document_id", _ID, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("headings", sa.JSON, nullable=False),
        sa.Column("lead", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("first_character", sa.Integer, nullable=False),
        sa.Column("end_character", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "chunk_id", name="pk_chunks"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "document_id", "version"],
            [
                "document_versions.tenant_id",
                "document_versions.document_id",
                "document_versions.version",
            ],
            name="fk_chunks_tenant_id_document_id_version_document_versions",
        ),
    )
    op.create_index("ix_chunks_by_document", "chunks", ["tenant_id", "document_id", "position"])
    op.create_table(
        "embeddings",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("chunk_id", _ID, nullable=False),
        sa.Column("recipe", sa.Text, nullable=False),
        sa.Column("meaning", sa.LargeBinary, nullable=False),
        sa.Column("terms", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "chunk_id", name="pk_embeddings"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "chunk_id"],
            ["chunks.tenant_id", "chunks.chunk_id"],
            name="fk_embeddings_tenant_id_chunk_id_chunks",
            ondelete="CASCADE",
        ),
    )
