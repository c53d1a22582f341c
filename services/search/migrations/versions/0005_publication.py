"""Tells which version of a document is published, and when it holds.

What there is so far was found as soon as it was put, at every version.
"""

import sqlalchemy as sa
from alembic import op

from services.mesh.columns import UtcDateTime

revision = "0005"
down_revision = "0004"

_DATES = ("effective_from", "effective_until")


def upgrade() -> None:
    published = sa.Column("published_version", sa.Integer, nullable=False, server_default="0")
    op.add_column("documents", published)
    op.add_column("documents", sa.Column("archive_time", UtcDateTime))
    op.add_column("document_versions", sa.Column("publish_time", UtcDateTime))
    restored = sa.Column("restored_version", sa.Integer, nullable=False, server_default="0")
    op.add_column("document_versions", restored)
    for name in _DATES:
        op.add_column("documents", sa.Column(name, UtcDateTime))
        op.add_column("document_versions", sa.Column(name, UtcDateTime))
        # The last beginning or end before now is asked for before every search.
        op.create_index(f"ix_documents_by_{name}", "documents", ["tenant_id", name])
    op.execute("UPDATE documents SET published_version = version WHERE delete_time IS NULL")
    op.execute("UPDATE document_versions SET publish_time = create_time")
