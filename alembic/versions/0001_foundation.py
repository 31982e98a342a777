"""Foundation."""

import sqlalchemy as sa
from alembic import op

from suwen.kernel.chain import immutable
from suwen.kernel.db import Fen, UTCDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


APPEND_ONLY = ("ledger_entry", "ledger_posting", "ledger_link", "audit_event", "audit_link")


def upgrade() -> None:

    op.create_table(
        "archive_record",
        sa.Column("public_id", sa.String(length=64), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(length=60), nullable=False),
        sa.Column("plugin", sa.String(length=60), nullable=False),
        sa.Column("region", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("order_line_id", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("imported_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("released_at", UTCDateTime(), nullable=True),
        sa.Column("first_read_at", UTCDateTime(), nullable=True),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive_record")),
        sa.UniqueConstraint("public_id", name=op.f("uq_archive_record_public_id")),
    )
    op.create_index(
        op.f("ix_archive_record_member_id_state_id"),
        "archive_record",
        ["member_id", "state", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_archive_record_order_line_id"), "archive_record", ["order_line_id"], unique=False
    )
    op.create_index(
        op.f("ix_archive_record_region_state_id"),
        "archive_record",
        ["region", "state", "id"],
        unique=False,
    )
    op.create_table(
        "audit_event",
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("actor_kind", sa.String(length=12), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("object_kind", sa.String(length=40), nullable=False),
        sa.Column("object_id", sa.String(length=60), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=True),
        sa.Column("region", sa.String(length=12), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("request_id", sa.String(length=40), nullable=False),
        sa.Column("details", sa.LargeBinary(), nullable=True),
        sa.Column("details_hash", sa.String(length=64), nullable=False),
        sa.Column("mac", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    op.create_index(
        op.f("ix_audit_event_object_kind_object_id"),
        "audit_event",
        ["object_kind", "object_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_audit_event_subject_id_at"), "audit_event", ["subject_id", "at"], unique=False
    )
    op.create_table(
        "audit_link",
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_link")),
        sa.UniqueConstraint("event_id", name=op.f("uq_audit_link_event_id")),
    )
    op.create_table(
        "binding",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sponsor_id", sa.BigInteger(), nullable=False),
        sa.Column("link_id", sa.BigInteger(), nullable=True),
        sa.Column("bound_at", UTCDateTime(), nullable=False),
        sa.Column("permanent_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("member_id <> sponsor_id", name=op.f("ck_binding_not_self")),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_binding")),
    )
    op.create_index(op.f("ix_binding_sponsor_id"), "binding", ["sponsor_id"], unique=False)
    op.create_table(
        "cache_version",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_cache_version")),
    )
    op.create_table(
        "category",
        sa.Column("facet", sa.String(length=10), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["category.id"], name=op.f("fk_category_parent_id_category")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_category")),
        sa.UniqueConstraint("facet", "slug", name=op.f("uq_category_facet_slug")),
    )
    op.create_table(
        "collection_point",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("region_code", sa.String(length=6), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("hours", sa.String(length=120), nullable=False),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collection_point")),
    )
    op.create_index(
        op.f("ix_collection_point_region_code"), "collection_point", ["region_code"], unique=False
    )
    op.create_table(
        "commission_line",
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("order_line_id", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("beneficiary_id", sa.BigInteger(), nullable=False),
        sa.Column("region", sa.String(length=12), nullable=False),
        sa.Column("scheme", sa.String(length=60), nullable=False),
        sa.Column("scheme_version", sa.String(length=20), nullable=False),
        sa.Column("base_fen", Fen(), nullable=False),
        sa.Column("rate_bp", sa.Integer(), nullable=False),
        sa.Column("flat_fen", Fen(), nullable=False),
        sa.Column("amount_fen", Fen(), nullable=False),
        sa.Column("standing_fen", Fen(), nullable=False),
        sa.Column("remainder", sa.Integer(), nullable=False),
        sa.Column("reason_codes", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("held_until", UTCDateTime(), nullable=True),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "standing_fen >= 0 AND standing_fen <= amount_fen",
            name=op.f("ck_commission_line_standing"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_line")),
        sa.UniqueConstraint(
            "order_line_id", "level", name=op.f("uq_commission_line_order_line_id_level")
        ),
    )
    op.create_index(
        op.f("ix_commission_line_beneficiary_id_id"),
        "commission_line",
        ["beneficiary_id", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_commission_line_order_id"), "commission_line", ["order_id"], unique=False
    )
    op.create_index(
        op.f("ix_commission_line_order_line_id"), "commission_line", ["order_line_id"], unique=False
    )
    op.create_index(
        op.f("ix_commission_line_state_held_until"),
        "commission_line",
        ["state", "held_until"],
        unique=False,
    )
    op.create_table(
        "console_message",
        sa.Column("channel", sa.String(length=60), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_console_message")),
    )
    op.create_table(
        "distributor",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("terms_version", sa.String(length=20), nullable=False),
        sa.Column("joined_at", UTCDateTime(), nullable=False),
        sa.Column("closed_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_distributor")),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("claim", sa.String(length=50), nullable=False),
        sa.Column("lease_until", UTCDateTime(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_key")),
        sa.UniqueConstraint("actor", "key", name=op.f("uq_idempotency_key_actor_key")),
    )
    op.create_index(
        op.f("ix_idempotency_key_created_at"), "idempotency_key", ["created_at"], unique=False
    )
    op.create_table(
        "ledger_account",
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("balance_fen", Fen(), nullable=True),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'house') = (balance_fen IS NULL AND member_id IS NULL)",
            name=op.f("ck_ledger_account_kind"),
        ),
        sa.CheckConstraint(
            "balance_fen IS NULL OR balance_fen >= 0", name=op.f("ck_ledger_account_never_negative")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_account")),
        sa.UniqueConstraint("code", name=op.f("uq_ledger_account_code")),
    )
    op.create_index(
        op.f("ix_ledger_account_member_id"), "ledger_account", ["member_id"], unique=False
    )
    op.create_table(
        "ledger_entry",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("ref", sa.String(length=100), nullable=False),
        sa.Column("memo", sa.String(length=200), nullable=False),
        sa.Column("occurred_at", UTCDateTime(), nullable=False),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.Column("mac", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entry")),
        sa.UniqueConstraint("kind", "ref", name=op.f("uq_ledger_entry_kind_ref")),
    )
    op.create_table(
        "ledger_link",
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_ledger_link")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_ledger_link_entry_id")),
    )
    op.create_table(
        "member",
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("display_name", sa.String(length=80), nullable=False),
        sa.Column("group_name", sa.String(length=80), nullable=True),
        sa.Column("group_nature", sa.String(length=20), nullable=True),
        sa.Column("region_code", sa.String(length=12), nullable=True),
        sa.Column("locale", sa.String(length=10), nullable=False),
        sa.Column("profile", sa.LargeBinary(), nullable=True),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("password_changed_at", UTCDateTime(), nullable=True),
        sa.Column("totp_secret", sa.LargeBinary(), nullable=True),
        sa.Column("totp_confirmed_at", UTCDateTime(), nullable=True),
        sa.Column("totp_last_step", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member")),
    )
    op.create_table(
        "message",
        sa.Column("dedupe_key", sa.String(length=160), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("category", sa.String(length=20), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("region", sa.String(length=12), nullable=False),
        sa.Column("locale", sa.String(length=10), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_message_dedupe_key")),
    )
    op.create_index(op.f("ix_message_member_id"), "message", ["member_id"], unique=False)
    op.create_table(
        "order",
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("submission", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("region", sa.String(length=12), nullable=False),
        sa.Column("total_fen", Fen(), nullable=False),
        sa.Column("payable_fen", Fen(), nullable=False),
        sa.Column("gateway", sa.String(length=60), nullable=False),
        sa.Column("intent_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("paid_at", UTCDateTime(), nullable=True),
        sa.Column("closed_at", UTCDateTime(), nullable=True),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("collection_method", sa.String(length=10), nullable=False),
        sa.Column("point_id", sa.BigInteger(), nullable=True),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("total_fen >= 0 AND payable_fen >= 0", name=op.f("ck_order_amounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order")),
        sa.UniqueConstraint("intent_id", name=op.f("uq_order_intent_id")),
        sa.UniqueConstraint("member_id", "submission", name=op.f("uq_order_member_id_submission")),
        sa.UniqueConstraint("number", name=op.f("uq_order_number")),
    )
    op.create_index(op.f("ix_order_member_id_id"), "order", ["member_id", "id"], unique=False)
    op.create_index(
        op.f("ix_order_state_expires_at"), "order", ["state", "expires_at"], unique=False
    )
    op.create_table(
        "order_intent",
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("submission", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=12), nullable=False),
        sa.Column("gateway", sa.String(length=60), nullable=False),
        sa.Column("total_fen", Fen(), nullable=False),
        sa.Column("payable_fen", Fen(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("instructions", sa.Text(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("decided_at", UTCDateTime(), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("receipt_no", sa.String(length=40), nullable=True),
        sa.Column("order_number", sa.String(length=32), nullable=True),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("collection_method", sa.String(length=10), nullable=False),
        sa.Column("point_id", sa.BigInteger(), nullable=True),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_intent")),
        sa.UniqueConstraint("code", name=op.f("uq_order_intent_code")),
        sa.UniqueConstraint(
            "member_id", "submission", name=op.f("uq_order_intent_member_id_submission")
        ),
        sa.UniqueConstraint("region", "receipt_no", name=op.f("uq_order_intent_region_receipt_no")),
    )
    op.create_index(op.f("ix_order_intent_member_id"), "order_intent", ["member_id"], unique=False)
    op.create_index(
        op.f("ix_order_intent_state_expires_at"),
        "order_intent",
        ["state", "expires_at"],
        unique=False,
    )
    op.create_table(
        "outbox_item",
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("lease_until", UTCDateTime(), nullable=True),
        sa.Column("lease_token", sa.String(length=50), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_item")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_item_key")),
    )
    op.create_index(
        op.f("ix_outbox_item_state_due_at"), "outbox_item", ["state", "due_at"], unique=False
    )
    op.create_table(
        "payment_account",
        sa.Column("gateway", sa.String(length=60), nullable=False),
        sa.Column("region", sa.String(length=12), nullable=False),
        sa.Column("merchant", sa.String(length=120), nullable=False),
        sa.Column("settings", sa.LargeBinary(), nullable=False),
        sa.Column("settings_hash", sa.String(length=64), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_account")),
        sa.UniqueConstraint(
            "gateway", "region", "merchant", name=op.f("uq_payment_account_gateway_region_merchant")
        ),
    )
    op.create_table(
        "payment_event",
        sa.Column("gateway", sa.String(length=60), nullable=False),
        sa.Column("event_id", sa.String(length=200), nullable=False),
        sa.Column("fact", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("out_trade_no", sa.String(length=64), nullable=False),
        sa.Column("out_refund_no", sa.String(length=64), nullable=True),
        sa.Column("amount_fen", Fen(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("provider_trade_no", sa.String(length=80), nullable=True),
        sa.Column("raw_sha256", sa.String(length=64), nullable=False),
        sa.Column("occurred_at", UTCDateTime(), nullable=False),
        sa.Column("received_at", UTCDateTime(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_event")),
        sa.UniqueConstraint("gateway", "event_id", name=op.f("uq_payment_event_gateway_event_id")),
    )
    op.create_index(
        op.f("ix_payment_event_out_trade_no"), "payment_event", ["out_trade_no"], unique=False
    )
    op.create_index(op.f("ix_payment_event_outcome"), "payment_event", ["outcome"], unique=False)
    op.create_table(
        "product",
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("description_html", sa.Text(), nullable=False),
        sa.Column("test_type", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("lead_days", sa.Integer(), nullable=False),
        sa.Column("faq", sa.JSON(), nullable=False),
        sa.Column("reward_overrides", sa.JSON(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("published_at", UTCDateTime(), nullable=True),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
        sa.UniqueConstraint("slug", name=op.f("uq_product_slug")),
    )
    op.create_index(op.f("ix_product_state_rank"), "product", ["state", "rank"], unique=False)
    op.create_table(
        "rate_count",
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("window_start", UTCDateTime(), nullable=False),
        sa.Column("hits", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", "window_start", name=op.f("pk_rate_count")),
    )
    op.create_index(op.f("ix_rate_count_expires_at"), "rate_count", ["expires_at"], unique=False)
    op.create_table(
        "region",
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("prefixes", sa.JSON(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_region")),
    )
    op.create_table(
        "reward_snapshot",
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("ref_id", sa.BigInteger(), nullable=False),
        sa.Column("buyer_id", sa.BigInteger(), nullable=False),
        sa.Column("region", sa.String(length=12), nullable=False),
        sa.Column("scheme", sa.String(length=60), nullable=False),
        sa.Column("scheme_version", sa.String(length=20), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reward_snapshot")),
        sa.UniqueConstraint("kind", "ref_id", name=op.f("uq_reward_snapshot_kind_ref_id")),
    )
    op.create_table(
        "share_link",
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("product_slug", sa.String(length=80), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share_link")),
        sa.UniqueConstraint("code", name=op.f("uq_share_link_code")),
        sa.UniqueConstraint(
            "member_id", "product_slug", name=op.f("uq_share_link_member_id_product_slug")
        ),
    )
    op.create_table(
        "verification_code",
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("address_index", sa.String(length=64), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("consumed_at", UTCDateTime(), nullable=True),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verification_code")),
    )
    op.create_index(
        op.f("ix_verification_code_address_index_purpose_id"),
        "verification_code",
        ["address_index", "purpose", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_verification_code_expires_at"), "verification_code", ["expires_at"], unique=False
    )
    op.create_table(
        "web_session",
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("surface", sa.String(length=4), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("seen_at", UTCDateTime(), nullable=False),
        sa.Column("ends_at", UTCDateTime(), nullable=False),
        sa.Column("elevated_until", UTCDateTime(), nullable=True),
        sa.Column("revoked_at", UTCDateTime(), nullable=True),
        sa.Column("user_agent", sa.String(length=200), nullable=False),
        sa.Column("address_hash", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_web_session_token_hash")),
    )
    op.create_index(op.f("ix_web_session_ends_at"), "web_session", ["ends_at"], unique=False)
    op.create_index(op.f("ix_web_session_member_id"), "web_session", ["member_id"], unique=False)
    op.create_table(
        "api_token",
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("used_at", UTCDateTime(), nullable=True),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["web_session.id"],
            name=op.f("fk_api_token_session_id_web_session"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    op.create_index(op.f("ix_api_token_expires_at"), "api_token", ["expires_at"], unique=False)
    op.create_index(op.f("ix_api_token_session_id"), "api_token", ["session_id"], unique=False)
    op.create_table(
        "archive_document",
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("stored_name", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.LargeBinary(), nullable=False),
        sa.Column("media_type", sa.String(length=80), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_id"],
            ["archive_record.id"],
            name=op.f("fk_archive_document_record_id_archive_record"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive_document")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_archive_document_fingerprint")),
    )
    op.create_index(
        op.f("ix_archive_document_record_id"), "archive_document", ["record_id"], unique=False
    )
    op.create_table(
        "archive_transition",
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.Column("target", sa.String(length=12), nullable=False),
        sa.Column("actor_kind", sa.String(length=12), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_id"],
            ["archive_record.id"],
            name=op.f("fk_archive_transition_record_id_archive_record"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive_transition")),
    )
    op.create_index(
        op.f("ix_archive_transition_record_id"), "archive_transition", ["record_id"], unique=False
    )
    op.create_table(
        "commission_step",
        sa.Column("line_id", sa.BigInteger(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.Column("target", sa.String(length=12), nullable=False),
        sa.Column("amount_fen", Fen(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["line_id"],
            ["commission_line.id"],
            name=op.f("fk_commission_step_line_id_commission_line"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_step")),
    )
    op.create_index(
        op.f("ix_commission_step_line_id"), "commission_step", ["line_id"], unique=False
    )
    op.create_table(
        "ledger_posting",
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", Fen(), nullable=False),
        sa.CheckConstraint("amount_fen <> 0", name=op.f("ck_ledger_posting_not_zero")),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["ledger_account.id"],
            name=op.f("fk_ledger_posting_account_id_ledger_account"),
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entry.id"], name=op.f("fk_ledger_posting_entry_id_ledger_entry")
        ),
        sa.PrimaryKeyConstraint("entry_id", "account_id", name=op.f("pk_ledger_posting")),
    )
    op.create_index(
        op.f("ix_ledger_posting_account_id_entry_id"),
        "ledger_posting",
        ["account_id", "entry_id"],
        unique=False,
    )
    op.create_table(
        "login",
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("index", sa.String(length=64), nullable=False),
        sa.Column("verified_at", UTCDateTime(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_login_member_id_member"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login")),
        sa.UniqueConstraint("kind", "index", name=op.f("uq_login_kind_index")),
    )
    op.create_index(op.f("ix_login_member_id"), "login", ["member_id"], unique=False)
    op.create_table(
        "message_delivery",
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(length=60), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("address_index", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_token", sa.String(length=50), nullable=True),
        sa.Column("lease_until", UTCDateTime(), nullable=True),
        sa.Column("first_sent_at", UTCDateTime(), nullable=True),
        sa.Column("provider_id", sa.String(length=120), nullable=False),
        sa.Column("last_code", sa.String(length=60), nullable=False),
        sa.Column("fallback_of", sa.BigInteger(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["message.id"],
            name=op.f("fk_message_delivery_message_id_message"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_delivery")),
        sa.UniqueConstraint(
            "message_id",
            "channel",
            "address_index",
            name=op.f("uq_message_delivery_message_id_channel_address_index"),
        ),
    )
    op.create_index(
        op.f("ix_message_delivery_channel_provider_id"),
        "message_delivery",
        ["channel", "provider_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_message_delivery_state_updated_at"),
        "message_delivery",
        ["state", "updated_at"],
        unique=False,
    )
    op.create_table(
        "order_line",
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sku_id", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("product_name", sa.String(length=120), nullable=False),
        sa.Column("sku_name", sa.String(length=80), nullable=False),
        sa.Column("test_type", sa.String(length=60), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("price_fen", Fen(), nullable=False),
        sa.Column("amount_fen", Fen(), nullable=False),
        sa.Column("refunded_fen", Fen(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantity >= 1", name=op.f("ck_order_line_quantity")),
        sa.CheckConstraint(
            "refunded_fen >= 0 AND refunded_fen <= amount_fen", name=op.f("ck_order_line_refunded")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["order.id"], name=op.f("fk_order_line_order_id_order")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_line")),
    )
    op.create_index(op.f("ix_order_line_order_id"), "order_line", ["order_id"], unique=False)
    op.create_table(
        "order_refund",
        sa.Column("refund_number", sa.String(length=32), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["order.id"], name=op.f("fk_order_refund_order_id_order")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_refund")),
        sa.UniqueConstraint("refund_number", name=op.f("uq_order_refund_refund_number")),
    )
    op.create_index(op.f("ix_order_refund_order_id"), "order_refund", ["order_id"], unique=False)
    op.create_table(
        "order_transition",
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("target", sa.String(length=20), nullable=False),
        sa.Column("actor_kind", sa.String(length=12), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["order.id"], name=op.f("fk_order_transition_order_id_order")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_transition")),
    )
    op.create_index(
        op.f("ix_order_transition_order_id"), "order_transition", ["order_id"], unique=False
    )
    op.create_table(
        "payment_attempt",
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("payable_kind", sa.String(length=20), nullable=False),
        sa.Column("payable_id", sa.BigInteger(), nullable=False),
        sa.Column("payable_number", sa.String(length=40), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("gateway", sa.String(length=60), nullable=False),
        sa.Column("plugin", sa.String(length=60), nullable=False),
        sa.Column("region", sa.String(length=12), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("environment", sa.String(length=12), nullable=False),
        sa.Column("amount_fen", Fen(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("action", sa.JSON(), nullable=True),
        sa.Column("provider_state", sa.JSON(), nullable=False),
        sa.Column("provider_trade_no", sa.String(length=80), nullable=True),
        sa.Column("client_ip", sa.String(length=45), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("captured_at", UTCDateTime(), nullable=True),
        sa.Column("closed_at", UTCDateTime(), nullable=True),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_payment_attempt_amount")),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["payment_account.id"],
            name=op.f("fk_payment_attempt_account_id_payment_account"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_attempt")),
        sa.UniqueConstraint("number", name=op.f("uq_payment_attempt_number")),
    )
    op.create_index(
        op.f("ix_payment_attempt_gateway_region"),
        "payment_attempt",
        ["gateway", "region"],
        unique=False,
    )
    op.create_index(
        op.f("ix_payment_attempt_member_id"), "payment_attempt", ["member_id"], unique=False
    )
    op.create_index(
        op.f("ix_payment_attempt_payable_kind_payable_id"),
        "payment_attempt",
        ["payable_kind", "payable_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_payment_attempt_state_expires_at"),
        "payment_attempt",
        ["state", "expires_at"],
        unique=False,
    )
    op.create_table(
        "postal_address",
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["member.id"],
            name=op.f("fk_postal_address_member_id_member"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_postal_address")),
    )
    op.create_index(
        op.f("ix_postal_address_member_id"), "postal_address", ["member_id"], unique=False
    )
    op.create_table(
        "product_category",
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("category_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"], ["category.id"], name=op.f("fk_product_category_category_id_category")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_product_category_product_id_product")
        ),
        sa.PrimaryKeyConstraint("product_id", "category_id", name=op.f("pk_product_category")),
    )
    op.create_index(
        op.f("ix_product_category_category_id"), "product_category", ["category_id"], unique=False
    )
    op.create_table(
        "product_tag",
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("tag", sa.String(length=30), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_product_tag_product_id_product")
        ),
        sa.PrimaryKeyConstraint("product_id", "tag", name=op.f("pk_product_tag")),
    )
    op.create_index(op.f("ix_product_tag_tag"), "product_tag", ["tag"], unique=False)
    op.create_table(
        "region_plugin",
        sa.Column("region", sa.String(length=12), nullable=False),
        sa.Column("plugin", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.Column("secrets", sa.LargeBinary(), nullable=True),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["region"], ["region.code"], name=op.f("fk_region_plugin_region_region")
        ),
        sa.PrimaryKeyConstraint("region", "plugin", name=op.f("pk_region_plugin")),
    )
    op.create_table(
        "sku",
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("price_fen", Fen(), nullable=False),
        sa.Column("struck_price_fen", Fen(), nullable=True),
        sa.Column("stock", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("price_fen >= 0", name=op.f("ck_sku_price")),
        sa.CheckConstraint("stock IS NULL OR stock >= 0", name=op.f("ck_sku_stock")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_sku_product_id_product")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sku")),
    )
    op.create_index(op.f("ix_sku_product_id"), "sku", ["product_id"], unique=False)
    op.create_table(
        "staff_grant",
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("region", sa.String(length=12), nullable=False),
        sa.Column("granted_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["member.id"],
            name=op.f("fk_staff_grant_member_id_member"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_grant")),
        sa.UniqueConstraint(
            "member_id", "role", "region", name=op.f("uq_staff_grant_member_id_role_region")
        ),
    )
    op.create_table(
        "subject",
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("relation", sa.String(length=12), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["member.id"],
            name=op.f("fk_subject_member_id_member"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subject")),
    )
    op.create_index(op.f("ix_subject_member_id"), "subject", ["member_id"], unique=False)
    op.create_table(
        "answering_session",
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("region", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("open_key", sa.String(length=90), nullable=True),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("saved_at", UTCDateTime(), nullable=False),
        sa.Column("closed_at", UTCDateTime(), nullable=True),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("form_code", sa.String(length=60), nullable=False),
        sa.Column("form_version", sa.String(length=20), nullable=False),
        sa.Column("wording_version", sa.String(length=40), nullable=False),
        sa.Column("scorer_code", sa.String(length=60), nullable=False),
        sa.Column("scorer_version", sa.String(length=20), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["member.id"],
            name=op.f("fk_answering_session_member_id_member"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["subject_id"],
            ["subject.id"],
            name=op.f("fk_answering_session_subject_id_subject"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answering_session")),
        sa.UniqueConstraint("open_key", name=op.f("uq_answering_session_open_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_answering_session_public_id")),
    )
    op.create_index(
        op.f("ix_answering_session_member_id_state"),
        "answering_session",
        ["member_id", "state"],
        unique=False,
    )
    op.create_index(
        op.f("ix_answering_session_state_saved_at"),
        "answering_session",
        ["state", "saved_at"],
        unique=False,
    )
    op.create_table(
        "consent",
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("version", sa.String(length=12), nullable=False),
        sa.Column("text_hash", sa.String(length=64), nullable=False),
        sa.Column("given_at", UTCDateTime(), nullable=False),
        sa.Column("withdrawn_at", UTCDateTime(), nullable=True),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subject_id"],
            ["subject.id"],
            name=op.f("fk_consent_subject_id_subject"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index(
        op.f("ix_consent_subject_id_purpose"), "consent", ["subject_id", "purpose"], unique=False
    )
    op.create_table(
        "message_attempt",
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("detail", sa.String(length=200), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["message_delivery.id"],
            name=op.f("fk_message_attempt_delivery_id_message_delivery"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_attempt")),
        sa.UniqueConstraint(
            "delivery_id", "number", name=op.f("uq_message_attempt_delivery_id_number")
        ),
    )
    op.create_table(
        "payment_refund",
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", Fen(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ref", sa.String(length=80), nullable=False),
        sa.Column("region", sa.String(length=12), nullable=False),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("requested_by", sa.BigInteger(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent_at", UTCDateTime(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("finished_at", UTCDateTime(), nullable=True),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_payment_refund_amount")),
        sa.ForeignKeyConstraint(
            ["attempt_id"],
            ["payment_attempt.id"],
            name=op.f("fk_payment_refund_attempt_id_payment_attempt"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_refund")),
        sa.UniqueConstraint("attempt_id", "ref", name=op.f("uq_payment_refund_attempt_id_ref")),
        sa.UniqueConstraint("number", name=op.f("uq_payment_refund_number")),
    )
    op.create_index(
        op.f("ix_payment_refund_state_id"), "payment_refund", ["state", "id"], unique=False
    )
    op.create_table(
        "payment_transition",
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.Column("target", sa.String(length=12), nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("actor_kind", sa.String(length=12), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"],
            ["payment_attempt.id"],
            name=op.f("fk_payment_transition_attempt_id_payment_attempt"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_transition")),
    )
    op.create_index(
        op.f("ix_payment_transition_attempt_id"), "payment_transition", ["attempt_id"], unique=False
    )
    op.create_table(
        "payment_refund_transition",
        sa.Column("refund_id", sa.BigInteger(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.Column("target", sa.String(length=12), nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("actor_kind", sa.String(length=12), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["refund_id"],
            ["payment_refund.id"],
            name=op.f("fk_payment_refund_transition_refund_id_payment_refund"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_refund_transition")),
    )
    op.create_index(
        op.f("ix_payment_refund_transition_refund_id"),
        "payment_refund_transition",
        ["refund_id"],
        unique=False,
    )
    op.create_table(
        "questionnaire_result",
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("region", sa.String(length=12), nullable=False),
        sa.Column("titles", sa.JSON(), nullable=False),
        sa.Column("standard", sa.String(length=200), nullable=False),
        sa.Column("sheet_mac", sa.String(length=64), nullable=False),
        sa.Column("answered_by", sa.String(length=10), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("form_code", sa.String(length=60), nullable=False),
        sa.Column("form_version", sa.String(length=20), nullable=False),
        sa.Column("wording_version", sa.String(length=40), nullable=False),
        sa.Column("scorer_code", sa.String(length=60), nullable=False),
        sa.Column("scorer_version", sa.String(length=20), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["member.id"],
            name=op.f("fk_questionnaire_result_member_id_member"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["answering_session.id"],
            name=op.f("fk_questionnaire_result_session_id_answering_session"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["subject_id"],
            ["subject.id"],
            name=op.f("fk_questionnaire_result_subject_id_subject"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questionnaire_result")),
        sa.UniqueConstraint("public_id", name=op.f("uq_questionnaire_result_public_id")),
        sa.UniqueConstraint("session_id", name=op.f("uq_questionnaire_result_session_id")),
    )
    op.create_index(
        op.f("ix_questionnaire_result_member_id_id"),
        "questionnaire_result",
        ["member_id", "id"],
        unique=False,
    )
    dialect = op.get_bind().dialect.name
    for table in APPEND_ONLY:
        for statement in immutable(table, dialect):
            op.execute(sa.DDL(statement.replace("%", "%%")))


def downgrade() -> None:

    op.drop_index(op.f("ix_questionnaire_result_member_id_id"), table_name="questionnaire_result")
    op.drop_table("questionnaire_result")
    op.drop_index(
        op.f("ix_payment_refund_transition_refund_id"), table_name="payment_refund_transition"
    )
    op.drop_table("payment_refund_transition")
    op.drop_index(op.f("ix_payment_transition_attempt_id"), table_name="payment_transition")
    op.drop_table("payment_transition")
    op.drop_index(op.f("ix_payment_refund_state_id"), table_name="payment_refund")
    op.drop_table("payment_refund")
    op.drop_table("message_attempt")
    op.drop_index(op.f("ix_consent_subject_id_purpose"), table_name="consent")
    op.drop_table("consent")
    op.drop_index(op.f("ix_answering_session_state_saved_at"), table_name="answering_session")
    op.drop_index(op.f("ix_answering_session_member_id_state"), table_name="answering_session")
    op.drop_table("answering_session")
    op.drop_index(op.f("ix_subject_member_id"), table_name="subject")
    op.drop_table("subject")
    op.drop_table("staff_grant")
    op.drop_index(op.f("ix_sku_product_id"), table_name="sku")
    op.drop_table("sku")
    op.drop_table("region_plugin")
    op.drop_index(op.f("ix_product_tag_tag"), table_name="product_tag")
    op.drop_table("product_tag")
    op.drop_index(op.f("ix_product_category_category_id"), table_name="product_category")
    op.drop_table("product_category")
    op.drop_index(op.f("ix_postal_address_member_id"), table_name="postal_address")
    op.drop_table("postal_address")
    op.drop_index(op.f("ix_payment_attempt_state_expires_at"), table_name="payment_attempt")
    op.drop_index(op.f("ix_payment_attempt_payable_kind_payable_id"), table_name="payment_attempt")
    op.drop_index(op.f("ix_payment_attempt_member_id"), table_name="payment_attempt")
    op.drop_index(op.f("ix_payment_attempt_gateway_region"), table_name="payment_attempt")
    op.drop_table("payment_attempt")
    op.drop_index(op.f("ix_order_transition_order_id"), table_name="order_transition")
    op.drop_table("order_transition")
    op.drop_index(op.f("ix_order_refund_order_id"), table_name="order_refund")
    op.drop_table("order_refund")
    op.drop_index(op.f("ix_order_line_order_id"), table_name="order_line")
    op.drop_table("order_line")
    op.drop_index(op.f("ix_message_delivery_state_updated_at"), table_name="message_delivery")
    op.drop_index(op.f("ix_message_delivery_channel_provider_id"), table_name="message_delivery")
    op.drop_table("message_delivery")
    op.drop_index(op.f("ix_login_member_id"), table_name="login")
    op.drop_table("login")
    op.drop_index(op.f("ix_ledger_posting_account_id_entry_id"), table_name="ledger_posting")
    op.drop_table("ledger_posting")
    op.drop_index(op.f("ix_commission_step_line_id"), table_name="commission_step")
    op.drop_table("commission_step")
    op.drop_index(op.f("ix_archive_transition_record_id"), table_name="archive_transition")
    op.drop_table("archive_transition")
    op.drop_index(op.f("ix_archive_document_record_id"), table_name="archive_document")
    op.drop_table("archive_document")
    op.drop_index(op.f("ix_api_token_session_id"), table_name="api_token")
    op.drop_index(op.f("ix_api_token_expires_at"), table_name="api_token")
    op.drop_table("api_token")
    op.drop_index(op.f("ix_web_session_member_id"), table_name="web_session")
    op.drop_index(op.f("ix_web_session_ends_at"), table_name="web_session")
    op.drop_table("web_session")
    op.drop_index(op.f("ix_verification_code_expires_at"), table_name="verification_code")
    op.drop_index(
        op.f("ix_verification_code_address_index_purpose_id"), table_name="verification_code"
    )
    op.drop_table("verification_code")
    op.drop_table("share_link")
    op.drop_table("reward_snapshot")
    op.drop_table("region")
    op.drop_index(op.f("ix_rate_count_expires_at"), table_name="rate_count")
    op.drop_table("rate_count")
    op.drop_index(op.f("ix_product_state_rank"), table_name="product")
    op.drop_table("product")
    op.drop_index(op.f("ix_payment_event_outcome"), table_name="payment_event")
    op.drop_index(op.f("ix_payment_event_out_trade_no"), table_name="payment_event")
    op.drop_table("payment_event")
    op.drop_table("payment_account")
    op.drop_index(op.f("ix_outbox_item_state_due_at"), table_name="outbox_item")
    op.drop_table("outbox_item")
    op.drop_index(op.f("ix_order_intent_state_expires_at"), table_name="order_intent")
    op.drop_index(op.f("ix_order_intent_member_id"), table_name="order_intent")
    op.drop_table("order_intent")
    op.drop_index(op.f("ix_order_state_expires_at"), table_name="order")
    op.drop_index(op.f("ix_order_member_id_id"), table_name="order")
    op.drop_table("order")
    op.drop_index(op.f("ix_message_member_id"), table_name="message")
    op.drop_table("message")
    op.drop_table("member")
    op.drop_table("ledger_link")
    op.drop_table("ledger_entry")
    op.drop_index(op.f("ix_ledger_account_member_id"), table_name="ledger_account")
    op.drop_table("ledger_account")
    op.drop_index(op.f("ix_idempotency_key_created_at"), table_name="idempotency_key")
    op.drop_table("idempotency_key")
    op.drop_table("distributor")
    op.drop_table("console_message")
    op.drop_index(op.f("ix_commission_line_state_held_until"), table_name="commission_line")
    op.drop_index(op.f("ix_commission_line_order_line_id"), table_name="commission_line")
    op.drop_index(op.f("ix_commission_line_order_id"), table_name="commission_line")
    op.drop_index(op.f("ix_commission_line_beneficiary_id_id"), table_name="commission_line")
    op.drop_table("commission_line")
    op.drop_index(op.f("ix_collection_point_region_code"), table_name="collection_point")
    op.drop_table("collection_point")
    op.drop_table("category")
    op.drop_table("cache_version")
    op.drop_index(op.f("ix_binding_sponsor_id"), table_name="binding")
    op.drop_table("binding")
    op.drop_table("audit_link")
    op.drop_index(op.f("ix_audit_event_subject_id_at"), table_name="audit_event")
    op.drop_index(op.f("ix_audit_event_object_kind_object_id"), table_name="audit_event")
    op.drop_table("audit_event")
    op.drop_index(op.f("ix_archive_record_region_state_id"), table_name="archive_record")
    op.drop_index(op.f("ix_archive_record_order_line_id"), table_name="archive_record")
    op.drop_index(op.f("ix_archive_record_member_id_state_id"), table_name="archive_record")
    op.drop_table("archive_record")
