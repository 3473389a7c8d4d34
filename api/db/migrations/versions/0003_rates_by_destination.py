"""Prices by destination, and the destination of each text message."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

FACT_KEYS = (
    "day",
    "service_id",
    "template_id",
    "notification_type",
    "provider",
    "rate_multiplier",
    "international",
    "rate",
)


def upgrade() -> None:
    for table in ("notifications", "notification_history"):
        op.add_column(table, sa.Column("destination", sa.Text(), nullable=True))
    for table in ("rates", "ft_billing"):
        op.add_column(
            table, sa.Column("destination", sa.Text(), nullable=False, server_default=sa.text("''"))
        )
    op.drop_constraint("pk_ft_billing", "ft_billing")
    op.create_primary_key("pk_ft_billing", "ft_billing", [*FACT_KEYS, "destination"])
    op.drop_index("uq_rates_notification_type_valid_from", table_name="rates")
    op.create_index(
        "uq_rates_notification_type_destination_valid_from",
        "rates",
        ["notification_type", "destination", "valid_from"],
        unique=True,
    )


def downgrade() -> None:
    """Prices of single destinations are lost; what was billed there stays, under the price that it was billed at."""
    op.drop_index("uq_rates_notification_type_destination_valid_from", table_name="rates")
    op.execute("DELETE FROM rates WHERE destination <> ''")
    op.create_index(
        "uq_rates_notification_type_valid_from", "rates", ["notification_type", "valid_from"], unique=True
    )
    keys = ", ".join(FACT_KEYS)
    op.execute(
        f"CREATE TEMPORARY TABLE kept ON COMMIT DROP AS SELECT {keys}, sum(billable_units)::bigint AS billable_units, "  # noqa: S608
        f"sum(notifications_sent)::bigint AS notifications_sent FROM ft_billing GROUP BY {keys}"
    )
    op.execute("DELETE FROM ft_billing")
    op.drop_constraint("pk_ft_billing", "ft_billing")
    op.drop_column("ft_billing", "destination")
    op.create_primary_key("pk_ft_billing", "ft_billing", list(FACT_KEYS))
    columns = f"{keys}, billable_units, notifications_sent"
    op.execute(f"INSERT INTO ft_billing ({columns}) SELECT {columns} FROM kept")  # noqa: S608
    op.drop_column("rates", "destination")
    for table in ("notification_history", "notifications"):
        op.drop_column(table, "destination")
