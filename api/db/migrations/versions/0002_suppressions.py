"""Complaints and suppressions."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "complaints",
        sa.Column("notification_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("feedback_id", sa.Text(), nullable=False),
        sa.Column("complaint_type", sa.Text(), nullable=True),
        sa.Column("complained_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaints")),
        sa.UniqueConstraint("provider", "feedback_id", name=op.f("uq_complaints_provider_feedback_id")),
    )
    op.create_index("ix_complaints_notification_id", "complaints", ["notification_id"], unique=False)
    op.create_index("ix_complaints_service_id", "complaints", ["service_id", "id"], unique=False)
    op.create_table(
        "suppressions",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=True),
        sa.Column("notification_id", sa.Uuid(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppressions")),
        sa.UniqueConstraint("channel", "recipient", name=op.f("uq_suppressions_channel_recipient")),
    )


def downgrade() -> None:
    op.drop_table("suppressions")
    op.drop_index("ix_complaints_service_id", table_name="complaints")
    op.drop_index("ix_complaints_notification_id", table_name="complaints")
    op.drop_table("complaints")
