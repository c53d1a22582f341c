"""Creates the sets of labelled questions with which a tenant measures its search."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations

from services.mesh.row_security import enable_row_security

revision = "0006"
down_revision = "0005"

_ID = sa.String(64)
_NAME = sa.String(60).with_variant(sa.String(60, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "golden_sets",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("golden_set_id", _ID, nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("question_count", sa.Integer(), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "golden_set_id", name="pk_golden_sets"),
    )
    op.create_index(
        "uq_golden_sets_tenant_id_name", "golden_sets", ["tenant_id", "name"], unique=True
    )
    op.create_table(
        "golden_questions",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("golden_set_id", _ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("source_uris", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "golden_set_id", "position", name="pk_golden_questions"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "golden_set_id"],
            ["golden_sets.tenant_id", "golden_sets.golden_set_id"],
            name="fk_golden_questions_tenant_id_golden_set_id_golden_sets",
        ),
    )
    operations = Operations(op.get_context())
    for table in ("golden_sets", "golden_questions"):
        enable_row_security(operations, table)
