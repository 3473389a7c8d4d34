"""First schema."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

PARTITIONED = ("notifications", "notification_history", "notification_events")


def upgrade() -> None:
    op.create_table(
        "callback_deliveries",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("callback_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_http_status", sa.Integer(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callback_deliveries")),
    )
    op.create_index(
        "ix_callback_deliveries_due_at",
        "callback_deliveries",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_index(
        "ix_callback_deliveries_service_id", "callback_deliveries", ["service_id", "id"], unique=False
    )
    op.create_index("ix_callback_deliveries_subject_id", "callback_deliveries", ["subject_id"], unique=False)
    op.create_table(
        "events",
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("service_id", sa.Uuid(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index("ix_events_service_id", "events", ["service_id", "id"], unique=False)
    op.create_table(
        "ft_billing",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("notification_type", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("rate_multiplier", sa.Integer(), nullable=False),
        sa.Column("international", sa.Boolean(), nullable=False),
        sa.Column("rate", sa.Integer(), nullable=False),
        sa.Column("billable_units", sa.BigInteger(), nullable=False),
        sa.Column("notifications_sent", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint(
            "day",
            "service_id",
            "template_id",
            "notification_type",
            "provider",
            "rate_multiplier",
            "international",
            "rate",
            name=op.f("pk_ft_billing"),
        ),
    )
    op.create_table(
        "ft_notification_status",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("notification_type", sa.Text(), nullable=False),
        sa.Column("key_type", sa.Text(), nullable=False),
        sa.Column("notification_status", sa.Text(), nullable=False),
        sa.Column("notification_count", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint(
            "day",
            "service_id",
            "template_id",
            "job_id",
            "notification_type",
            "key_type",
            "notification_status",
            name=op.f("pk_ft_notification_status"),
        ),
    )
    op.create_index(
        op.f("ix_ft_notification_status_service_id"), "ft_notification_status", ["service_id"], unique=False
    )
    op.create_table(
        "ft_processing_time",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("messages_total", sa.BigInteger(), nullable=False),
        sa.Column("messages_within_10_secs", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_ft_processing_time")),
    )
    op.create_table(
        "notification_events",
        sa.Column("notification_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification_events")),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index(
        "ix_notification_events_notification_id", "notification_events", ["notification_id"], unique=False
    )
    op.create_table(
        "notification_history",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("template_version", sa.Integer(), nullable=False),
        sa.Column("notification_type", sa.Text(), nullable=False),
        sa.Column("key_type", sa.Text(), nullable=False),
        sa.Column("api_key_id", sa.Uuid(), nullable=True),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("job_row_number", sa.Integer(), nullable=True),
        sa.Column("client_reference", sa.Text(), nullable=True),
        sa.Column("international", sa.Boolean(), nullable=False),
        sa.Column("phone_prefix", sa.Text(), nullable=True),
        sa.Column("rate_multiplier", sa.Integer(), nullable=True),
        sa.Column("billable_units", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("sent_by", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification_history")),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index(
        "ix_notification_history_service_id", "notification_history", ["service_id", "id"], unique=False
    )
    op.create_table(
        "notifications",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("template_version", sa.Integer(), nullable=False),
        sa.Column("notification_type", sa.Text(), nullable=False),
        sa.Column("key_type", sa.Text(), nullable=False),
        sa.Column("api_key_id", sa.Uuid(), nullable=True),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("job_row_number", sa.Integer(), nullable=True),
        sa.Column("to", sa.Text(), nullable=False),
        sa.Column("normalised_to", sa.Text(), nullable=False),
        sa.Column("personalisation", sa.LargeBinary(), nullable=True),
        sa.Column("client_reference", sa.Text(), nullable=True),
        sa.Column("reply_to_text", sa.Text(), nullable=True),
        sa.Column("unsubscribe_link", sa.Text(), nullable=True),
        sa.Column("international", sa.Boolean(), nullable=False),
        sa.Column("phone_prefix", sa.Text(), nullable=True),
        sa.Column("rate_multiplier", sa.Integer(), nullable=True),
        sa.Column("billable_units", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("scheduled_for", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome_unknown", sa.Boolean(), nullable=False),
        sa.Column("sent_by", sa.Text(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index(
        "ix_notifications_client_reference",
        "notifications",
        ["service_id", "client_reference"],
        unique=False,
        postgresql_where=sa.text("client_reference IS NOT NULL"),
    )
    op.create_index(
        "ix_notifications_due_at",
        "notifications",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("status = 'created'"),
    )
    op.create_index(
        "ix_notifications_failed",
        "notifications",
        ["service_id", "key_type", "id"],
        unique=False,
        postgresql_where=sa.text(
            "status IN ('technical-failure', 'temporary-failure', 'permanent-failure', 'validation-failed', 'virus-scan-failed', 'returned-letter')"
        ),
    )
    op.create_index(
        "ix_notifications_in_flight",
        "notifications",
        ["sent_at", "claimed_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('sending', 'pending')"),
    )
    op.create_index(
        "ix_notifications_job_id",
        "notifications",
        ["job_id", "id"],
        unique=False,
        postgresql_where=sa.text("job_id IS NOT NULL"),
    )
    op.create_index(
        "ix_notifications_normalised_to", "notifications", ["normalised_to", "service_id"], unique=False
    )
    op.create_index(
        "ix_notifications_reference",
        "notifications",
        ["reference"],
        unique=False,
        postgresql_where=sa.text("reference IS NOT NULL"),
    )
    op.create_index(
        "ix_notifications_service_id", "notifications", ["service_id", "key_type", "id"], unique=False
    )
    op.create_index(
        "ix_notifications_without_job",
        "notifications",
        ["service_id", "key_type", "id"],
        unique=False,
        postgresql_where=sa.text("job_id IS NULL"),
    )
    op.create_table(
        "organisations",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("organisation_type", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisations")),
        sa.UniqueConstraint("name", name=op.f("uq_organisations_name")),
    )
    op.create_table(
        "provider_tallies",
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("notification_type", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handed_over", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("identifier", "notification_type", "at", name=op.f("pk_provider_tallies")),
    )
    op.create_table(
        "rates",
        sa.Column("notification_type", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rate", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rates")),
    )
    op.create_index(
        "uq_rates_notification_type_valid_from", "rates", ["notification_type", "valid_from"], unique=True
    )
    op.create_table(
        "unsubscribe_requests",
        sa.Column("notification_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("template_version", sa.Integer(), nullable=False),
        sa.Column("email_address", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unsubscribe_requests")),
        sa.UniqueConstraint("notification_id", name=op.f("uq_unsubscribe_requests_notification_id")),
    )
    op.create_index(
        op.f("ix_unsubscribe_requests_service_id"), "unsubscribe_requests", ["service_id"], unique=False
    )
    op.create_table(
        "users",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email_address", sa.Text(), nullable=False),
        sa.Column("mobile_number", sa.Text(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("auth_type", sa.Text(), nullable=False),
        sa.Column("platform_admin", sa.Boolean(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("failed_login_count", sa.Integer(), nullable=False),
        sa.Column("current_session_id", sa.Uuid(), nullable=True),
        sa.Column("logged_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("password_changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("email_access_validated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "auth_type <> 'sms_auth' OR mobile_number IS NOT NULL", name=op.f("ck_users_second_factor")
        ),
        sa.CheckConstraint("state IN ('pending', 'active', 'inactive')", name=op.f("ck_users_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
    )
    op.create_index(
        "uq_users_email_address", "users", [sa.literal_column("lower(email_address)")], unique=True
    )
    op.create_table(
        "organisation_domains",
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_organisation_domains_organisation_id")
        ),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_organisation_domains")),
    )
    op.create_index(
        op.f("ix_organisation_domains_organisation_id"),
        "organisation_domains",
        ["organisation_id"],
        unique=False,
    )
    op.create_table(
        "provider_details",
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("notification_type", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("resting_priority", sa.Integer(), server_default="100", nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("supports_international", sa.Boolean(), nullable=False),
        sa.Column("slow_share", sa.Double(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("priority BETWEEN 0 AND 100", name=op.f("ck_provider_details_priority")),
        sa.CheckConstraint(
            "resting_priority BETWEEN 0 AND 100", name=op.f("ck_provider_details_resting_priority")
        ),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["users.id"], name=op.f("fk_provider_details_updated_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_details")),
        sa.UniqueConstraint(
            "identifier", "notification_type", name=op.f("uq_provider_details_identifier_notification_type")
        ),
    )
    op.create_table(
        "services",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("restricted", sa.Boolean(), nullable=False),
        sa.Column("count_as_live", sa.Boolean(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("prefix_sms", sa.Boolean(), nullable=False),
        sa.Column("email_sender_local_part", sa.Text(), nullable=False),
        sa.Column("custom_email_sender_name", sa.Text(), nullable=True),
        sa.Column("contact_link", sa.Text(), nullable=True),
        sa.Column("rate_limit", sa.Integer(), nullable=False),
        sa.Column("email_message_limit", sa.BigInteger(), nullable=False),
        sa.Column("sms_message_limit", sa.BigInteger(), nullable=False),
        sa.Column("letter_message_limit", sa.BigInteger(), nullable=False),
        sa.Column("international_sms_message_limit", sa.BigInteger(), nullable=False),
        sa.Column("permissions", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("go_live_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("go_live_user_id", sa.Uuid(), nullable=True),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name=op.f("fk_services_created_by_id")),
        sa.ForeignKeyConstraint(["go_live_user_id"], ["users.id"], name=op.f("fk_services_go_live_user_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_services_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_services")),
        sa.UniqueConstraint("name", name=op.f("uq_services_name")),
    )
    op.create_index(op.f("ix_services_organisation_id"), "services", ["organisation_id"], unique=False)
    op.create_table(
        "api_keys",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key_type", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("key_type IN ('normal', 'team', 'test')", name=op.f("ck_api_keys_key_type")),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name=op.f("fk_api_keys_created_by_id")),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_api_keys_service_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
    )
    op.create_index(op.f("ix_api_keys_service_id"), "api_keys", ["service_id"], unique=False)
    op.create_index(
        "uq_api_keys_service_id_name",
        "api_keys",
        ["service_id", "name"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.create_table(
        "data_retention",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("notification_type", sa.Text(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.CheckConstraint("days BETWEEN 3 AND 90", name=op.f("ck_data_retention_days")),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_data_retention_service_id")),
        sa.PrimaryKeyConstraint("service_id", "notification_type", name=op.f("pk_data_retention")),
    )
    op.create_table(
        "guest_list",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("recipient_type", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "recipient_type IN ('email', 'mobile')", name=op.f("ck_guest_list_recipient_type")
        ),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_guest_list_service_id")),
        sa.PrimaryKeyConstraint("service_id", "recipient", name=op.f("pk_guest_list")),
    )
    op.create_table(
        "inbound_numbers",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_inbound_numbers_service_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_numbers")),
        sa.UniqueConstraint("number", name=op.f("uq_inbound_numbers_number")),
        sa.UniqueConstraint("service_id", name=op.f("uq_inbound_numbers_service_id")),
    )
    op.create_table(
        "inbound_sms",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("notify_number", sa.Text(), nullable=False),
        sa.Column("user_number", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("provider_reference", sa.Text(), nullable=True),
        sa.Column("provider_date", sa.DateTime(timezone=True), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_inbound_sms_service_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_sms")),
    )
    op.create_index("ix_inbound_sms_service_id", "inbound_sms", ["service_id", "id"], unique=False)
    op.create_index(op.f("ix_inbound_sms_user_number"), "inbound_sms", ["user_number"], unique=False)
    op.create_index(
        "uq_inbound_sms_provider_reference", "inbound_sms", ["provider", "provider_reference"], unique=True
    )
    op.create_table(
        "members",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("permissions", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_members_service_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_members_user_id")),
        sa.PrimaryKeyConstraint("service_id", "user_id", name=op.f("pk_members")),
    )
    op.create_index(op.f("ix_members_user_id"), "members", ["user_id"], unique=False)
    op.create_table(
        "provider_details_history",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["id"], ["provider_details.id"], name=op.f("fk_provider_details_history_id")),
        sa.PrimaryKeyConstraint("id", "version", name=op.f("pk_provider_details_history")),
    )
    op.create_table(
        "reply_to_addresses",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("email_address", sa.Text(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["service_id"], ["services.id"], name=op.f("fk_reply_to_addresses_service_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply_to_addresses")),
    )
    op.create_index(
        op.f("ix_reply_to_addresses_service_id"), "reply_to_addresses", ["service_id"], unique=False
    )
    op.create_index(
        "uq_reply_to_addresses_default",
        "reply_to_addresses",
        ["service_id"],
        unique=True,
        postgresql_where=sa.text("is_default AND NOT archived"),
    )
    op.create_table(
        "service_callbacks",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("callback_type", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("bearer_token", sa.LargeBinary(), nullable=False),
        sa.Column("updated_by_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["service_id"], ["services.id"], name=op.f("fk_service_callbacks_service_id")
        ),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["users.id"], name=op.f("fk_service_callbacks_updated_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_callbacks")),
    )
    op.create_index(
        "uq_service_callbacks_service_id_callback_type",
        "service_callbacks",
        ["service_id", "callback_type"],
        unique=True,
    )
    op.create_table(
        "templates",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("template_type", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("redact_personalisation", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "template_type IN ('email', 'sms', 'letter')", name=op.f("ck_templates_template_type")
        ),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_templates_service_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_templates")),
    )
    op.create_index("ix_templates_service_id", "templates", ["service_id", "template_type"], unique=False)
    op.create_table(
        "jobs",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("template_version", sa.Integer(), nullable=False),
        sa.Column("original_file_name", sa.Text(), nullable=False),
        sa.Column("notification_count", sa.Integer(), nullable=False),
        sa.Column("rows_done", sa.Integer(), nullable=False),
        sa.Column("job_status", sa.Text(), nullable=False),
        sa.Column("key_type", sa.Text(), nullable=False),
        sa.Column("api_key_id", sa.Uuid(), nullable=True),
        sa.Column("reply_to_text", sa.Text(), nullable=True),
        sa.Column("sender_id", sa.Uuid(), nullable=True),
        sa.Column("scheduled_for", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("processing_started", sa.DateTime(timezone=True), nullable=True),
        sa.Column("processing_finished", sa.DateTime(timezone=True), nullable=True),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["api_key_id"], ["api_keys.id"], name=op.f("fk_jobs_api_key_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name=op.f("fk_jobs_created_by_id")),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_jobs_service_id")),
        sa.ForeignKeyConstraint(["template_id"], ["templates.id"], name=op.f("fk_jobs_template_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    op.create_index(
        "ix_jobs_due_at",
        "jobs",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("job_status IN ('pending', 'in progress', 'scheduled')"),
    )
    op.create_index("ix_jobs_service_id", "jobs", ["service_id", "id"], unique=False)
    op.create_table(
        "sms_senders",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("sms_sender", sa.Text(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("inbound_number_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["inbound_number_id"], ["inbound_numbers.id"], name=op.f("fk_sms_senders_inbound_number_id")
        ),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_sms_senders_service_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_senders")),
        sa.UniqueConstraint("inbound_number_id", name=op.f("uq_sms_senders_inbound_number_id")),
    )
    op.create_index(op.f("ix_sms_senders_service_id"), "sms_senders", ["service_id"], unique=False)
    op.create_index(
        "uq_sms_senders_default",
        "sms_senders",
        ["service_id"],
        unique=True,
        postgresql_where=sa.text("is_default AND NOT archived"),
    )
    op.create_table(
        "template_versions",
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("has_unsubscribe_link", sa.Boolean(), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(subject IS NULL) OR length(subject) > 0", name=op.f("ck_template_versions_subject")
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name=op.f("fk_template_versions_created_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["template_id"], ["templates.id"], name=op.f("fk_template_versions_template_id")
        ),
        sa.PrimaryKeyConstraint("template_id", "version", name=op.f("pk_template_versions")),
    )

    for table in PARTITIONED:
        op.execute(f'CREATE TABLE "{table}_default" PARTITION OF "{table}" DEFAULT')


def downgrade() -> None:
    op.drop_table("template_versions")
    op.drop_index(
        "uq_sms_senders_default",
        table_name="sms_senders",
        postgresql_where=sa.text("is_default AND NOT archived"),
    )
    op.drop_index(op.f("ix_sms_senders_service_id"), table_name="sms_senders")
    op.drop_table("sms_senders")
    op.drop_index("ix_jobs_service_id", table_name="jobs")
    op.drop_index(
        "ix_jobs_due_at",
        table_name="jobs",
        postgresql_where=sa.text("job_status IN ('pending', 'in progress', 'scheduled')"),
    )
    op.drop_table("jobs")
    op.drop_index("ix_templates_service_id", table_name="templates")
    op.drop_table("templates")
    op.drop_index("uq_service_callbacks_service_id_callback_type", table_name="service_callbacks")
    op.drop_table("service_callbacks")
    op.drop_index(
        "uq_reply_to_addresses_default",
        table_name="reply_to_addresses",
        postgresql_where=sa.text("is_default AND NOT archived"),
    )
    op.drop_index(op.f("ix_reply_to_addresses_service_id"), table_name="reply_to_addresses")
    op.drop_table("reply_to_addresses")
    op.drop_table("provider_details_history")
    op.drop_index(op.f("ix_members_user_id"), table_name="members")
    op.drop_table("members")
    op.drop_index("uq_inbound_sms_provider_reference", table_name="inbound_sms")
    op.drop_index(op.f("ix_inbound_sms_user_number"), table_name="inbound_sms")
    op.drop_index("ix_inbound_sms_service_id", table_name="inbound_sms")
    op.drop_table("inbound_sms")
    op.drop_table("inbound_numbers")
    op.drop_table("guest_list")
    op.drop_table("data_retention")
    op.drop_index(
        "uq_api_keys_service_id_name", table_name="api_keys", postgresql_where=sa.text("revoked_at IS NULL")
    )
    op.drop_index(op.f("ix_api_keys_service_id"), table_name="api_keys")
    op.drop_table("api_keys")
    op.drop_index(op.f("ix_services_organisation_id"), table_name="services")
    op.drop_table("services")
    op.drop_table("provider_details")
    op.drop_index(op.f("ix_organisation_domains_organisation_id"), table_name="organisation_domains")
    op.drop_table("organisation_domains")
    op.drop_index("uq_users_email_address", table_name="users")
    op.drop_table("users")
    op.drop_index(op.f("ix_unsubscribe_requests_service_id"), table_name="unsubscribe_requests")
    op.drop_table("unsubscribe_requests")
    op.drop_index("uq_rates_notification_type_valid_from", table_name="rates")
    op.drop_table("rates")
    op.drop_table("provider_tallies")
    op.drop_table("organisations")
    op.drop_index(
        "ix_notifications_without_job", table_name="notifications", postgresql_where=sa.text("job_id IS NULL")
    )
    op.drop_index("ix_notifications_service_id", table_name="notifications")
    op.drop_index(
        "ix_notifications_reference",
        table_name="notifications",
        postgresql_where=sa.text("reference IS NOT NULL"),
    )
    op.drop_index("ix_notifications_normalised_to", table_name="notifications")
    op.drop_index(
        "ix_notifications_job_id", table_name="notifications", postgresql_where=sa.text("job_id IS NOT NULL")
    )
    op.drop_index(
        "ix_notifications_in_flight",
        table_name="notifications",
        postgresql_where=sa.text("status IN ('sending', 'pending')"),
    )
    op.drop_index(
        "ix_notifications_failed",
        table_name="notifications",
        postgresql_where=sa.text(
            "status IN ('technical-failure', 'temporary-failure', 'permanent-failure', 'validation-failed', 'virus-scan-failed', 'returned-letter')"
        ),
    )
    op.drop_index(
        "ix_notifications_due_at", table_name="notifications", postgresql_where=sa.text("status = 'created'")
    )
    op.drop_index(
        "ix_notifications_client_reference",
        table_name="notifications",
        postgresql_where=sa.text("client_reference IS NOT NULL"),
    )
    op.drop_table("notifications")
    op.drop_index("ix_notification_history_service_id", table_name="notification_history")
    op.drop_table("notification_history")
    op.drop_index("ix_notification_events_notification_id", table_name="notification_events")
    op.drop_table("notification_events")
    op.drop_table("ft_processing_time")
    op.drop_index(op.f("ix_ft_notification_status_service_id"), table_name="ft_notification_status")
    op.drop_table("ft_notification_status")
    op.drop_table("ft_billing")
    op.drop_index("ix_events_service_id", table_name="events")
    op.drop_table("events")
    op.drop_index("ix_callback_deliveries_subject_id", table_name="callback_deliveries")
    op.drop_index("ix_callback_deliveries_service_id", table_name="callback_deliveries")
    op.drop_index(
        "ix_callback_deliveries_due_at",
        table_name="callback_deliveries",
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.drop_table("callback_deliveries")
