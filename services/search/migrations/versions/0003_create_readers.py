"""Creates the lists of who may read a document or a category. Without rows everybody may."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations

from services.mesh.row_security import enable_row_security

revision = "0003"
down_revision = "0002"

_ID = sa.String(64)
_CATEGORY = sa.String(60)
_READER = sa.String(80)


def upgrade() -> None:
    op.create_table(
        "document_readers",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("document_id", _ID, nullable=False),
        sa.Column("reader", _READER, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "document_id", "reader", name="pk_document_readers"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "document_id"],
            ["documents.tenant_id", "documents.document_id"],
            name="fk_document_readers_tenant_id_document_id_documents",
        ),
    )
    op.create_index("ix_document_readers_by_reader", "document_readers", ["tenant_id", "reader"])
    op.create_table(
        "categories",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("category", _CATEGORY, nullable=False),
        sa.Column("category_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "category", name="pk_categories"),
    )
    op.create_table(
        "category_readers",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("category", _CATEGORY, nullable=False),
        sa.Column("reader", _READER, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "category", "reader", name="pk_category_readers"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "category"],
            ["categories.tenant_id", "categories.category"],
            name="fk_category_readers_tenant_id_category_categories",
        ),
    )
    operations = Operations(op.get_context())
    for table in ("document_readers", "categories", "category_readers"):
        enable_row_security(operations, table)
