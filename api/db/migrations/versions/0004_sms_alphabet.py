"""Alphabets of text messages, chosen by service and by version of a template."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("services", sa.Column("sms_alphabet", sa.Text(), nullable=True))
    op.add_column("template_versions", sa.Column("sms_alphabet", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("template_versions", "sms_alphabet")
    op.drop_column("services", "sms_alphabet")
