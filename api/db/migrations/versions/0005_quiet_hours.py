"""Quiet hours, chosen by service, and templates that do not wait for them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

CHECK = (
    "CASE WHEN quiet_from IS NULL THEN quiet_until IS NULL AND NOT quiet_sundays AND NOT quiet_holidays"
    " ELSE quiet_until IS NOT NULL AND quiet_until <> quiet_from END"
)


def upgrade() -> None:
    op.add_column("services", sa.Column("quiet_from", sa.Time(), nullable=True))
    op.add_column("services", sa.Column("quiet_until", sa.Time(), nullable=True))
    for column in ("quiet_sundays", "quiet_holidays"):
        op.add_column(
            "services", sa.Column(column, sa.Boolean(), nullable=False, server_default=sa.text("false"))
        )
    op.create_check_constraint(op.f("ck_services_quiet_hours"), "services", CHECK)
    op.add_column(
        "templates", sa.Column("is_urgent", sa.Boolean(), nullable=False, server_default=sa.text("false"))
    )


def downgrade() -> None:
    op.drop_column("templates", "is_urgent")
    op.drop_constraint(op.f("ck_services_quiet_hours"), "services")
    for column in ("quiet_holidays", "quiet_sundays", "quiet_until", "quiet_from"):
        op.drop_column("services", column)
