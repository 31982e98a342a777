"""People: staff, branches, groups, consent texts and requests about one's data."""

import sqlalchemy as sa
from alembic import op

from suwen.kernel.db import UTCDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "branch",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("region_code", sa.String(length=6), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("regions", sa.JSON(), nullable=False),
        sa.Column("permissions", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("closed_at", UTCDateTime(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_branch")),
        sa.UniqueConstraint("code", name=op.f("uq_branch_code")),
    )
    op.create_index(op.f("ix_branch_state"), "branch", ["state"], unique=False)

    op.create_table(
        "consent_text",
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("version", sa.String(length=12), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.Column("title_en", sa.String(length=160), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("effect_en", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("published_at", UTCDateTime(), nullable=True),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_text")),
        sa.UniqueConstraint("purpose", "version", name=op.f("uq_consent_text_purpose_version")),
    )
    op.create_table(
        "privacy_request",
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("open_key", sa.String(length=40), nullable=True),
        sa.Column("requested_at", UTCDateTime(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("started_at", UTCDateTime(), nullable=True),
        sa.Column("finished_at", UTCDateTime(), nullable=True),
        sa.Column("expires_at", UTCDateTime(), nullable=True),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("run", sa.String(length=50), nullable=True),
        sa.Column("touched_at", UTCDateTime(), nullable=True),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("file_key", sa.LargeBinary(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("receipt", sa.JSON(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("forfeits", sa.Boolean(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_request")),
        sa.UniqueConstraint("open_key", name=op.f("uq_privacy_request_open_key")),
    )
    op.create_index(
        op.f("ix_privacy_request_member_id"), "privacy_request", ["member_id"], unique=False
    )
    op.create_index(
        op.f("ix_privacy_request_state_due_at"),
        "privacy_request",
        ["state", "due_at"],
        unique=False,
    )

    op.create_table(
        "retention_rule",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_retention_rule")),
    )
    op.create_table(
        "retention_run",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("ran_at", UTCDateTime(), nullable=False),
        sa.Column("deleted", sa.Integer(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_retention_run")),
    )
    op.create_table(
        "staff_role",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=40), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("permissions", sa.JSON(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_role")),
        sa.UniqueConstraint("code", name=op.f("uq_staff_role_code")),
    )
    op.create_index(op.f("ix_staff_role_owner_id"), "staff_role", ["owner_id"], unique=False)

    op.create_table(
        "group_seat",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("claim_hash", sa.String(length=64), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("invited_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=True),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["member.id"],
            name=op.f("fk_group_seat_group_id_member"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["member.id"],
            name=op.f("fk_group_seat_member_id_member"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_seat")),
        sa.UniqueConstraint("claim_hash", name=op.f("uq_group_seat_claim_hash")),
        sa.UniqueConstraint("group_id", "member_id", name=op.f("uq_group_seat_group_id_member_id")),
    )
    op.create_index(op.f("ix_group_seat_group_id"), "group_seat", ["group_id"], unique=False)
    op.create_index(op.f("ix_group_seat_member_id"), "group_seat", ["member_id"], unique=False)

    op.create_table(
        "member_bulk",
        sa.Column("submission", sa.String(length=64), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(length=10), nullable=False),
        sa.Column("tag", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("query", sa.JSON(), nullable=False),
        sa.Column("chosen", sa.JSON(), nullable=False),
        sa.Column("scope", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("finished_at", UTCDateTime(), nullable=True),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_bulk")),
        sa.UniqueConstraint("submission", name=op.f("uq_member_bulk_submission")),
    )
    op.create_index(op.f("ix_member_bulk_staff_id"), "member_bulk", ["staff_id"], unique=False)

    op.create_table(
        "member_tag",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tag", sa.String(length=40), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["member.id"],
            name=op.f("fk_member_tag_member_id_member"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("member_id", "tag", name=op.f("pk_member_tag")),
    )
    op.create_index(
        op.f("ix_member_tag_tag_member_id"), "member_tag", ["tag", "member_id"], unique=False
    )

    op.create_table(
        "recovery_code",
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("used_at", UTCDateTime(), nullable=True),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["member.id"],
            name=op.f("fk_recovery_code_member_id_member"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
    )
    op.create_index(
        op.f("ix_recovery_code_member_id"), "recovery_code", ["member_id"], unique=False
    )

    op.create_table(
        "roster_import",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("started_by", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("faulty", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("written", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("finished_at", UTCDateTime(), nullable=True),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["member.id"],
            name=op.f("fk_roster_import_group_id_member"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_import")),
    )
    op.create_index(op.f("ix_roster_import_group_id"), "roster_import", ["group_id"], unique=False)

    op.create_table(
        "roster_person",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("person_index", sa.String(length=64), nullable=False),
        sa.Column("name_index", sa.String(length=64), nullable=False),
        sa.Column("department", sa.String(length=60), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("claim_hash", sa.String(length=64), nullable=True),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("subject_id", sa.BigInteger(), nullable=True),
        sa.Column("claimed_at", UTCDateTime(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["member.id"],
            name=op.f("fk_roster_person_group_id_member"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_person")),
        sa.UniqueConstraint("claim_hash", name=op.f("uq_roster_person_claim_hash")),
        sa.UniqueConstraint(
            "group_id", "person_index", name=op.f("uq_roster_person_group_id_person_index")
        ),
    )
    op.create_index(
        op.f("ix_roster_person_group_id_department"),
        "roster_person",
        ["group_id", "department"],
        unique=False,
    )
    op.create_index(
        op.f("ix_roster_person_group_id_name_index"),
        "roster_person",
        ["group_id", "name_index"],
        unique=False,
    )
    op.create_index(
        op.f("ix_roster_person_group_id_state_id"),
        "roster_person",
        ["group_id", "state", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_roster_person_member_id"), "roster_person", ["member_id"], unique=False
    )
    op.create_index(
        op.f("ix_roster_person_subject_id"), "roster_person", ["subject_id"], unique=False
    )

    op.create_table(
        "saved_view",
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("page", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("query", sa.JSON(), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["member.id"],
            name=op.f("fk_saved_view_staff_id_member"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint(
            "staff_id", "page", "name", name=op.f("uq_saved_view_staff_id_page_name")
        ),
    )
    op.create_index(op.f("ix_saved_view_staff_id"), "saved_view", ["staff_id"], unique=False)

    op.create_table(
        "staff_member",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["member.id"],
            name=op.f("fk_staff_member_member_id_member"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_staff_member")),
    )
    op.create_index(op.f("ix_staff_member_parent_id"), "staff_member", ["parent_id"], unique=False)

    op.create_table(
        "group_recipient",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("line_id", sa.BigInteger(), nullable=True),
        sa.Column("intent_id", sa.BigInteger(), nullable=True),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("reported_at", UTCDateTime(), nullable=True),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["member.id"],
            name=op.f("fk_group_recipient_group_id_member"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["line_id"], ["order_line.id"], name=op.f("fk_group_recipient_line_id_order_line")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["order.id"], name=op.f("fk_group_recipient_order_id_order")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["roster_person.id"],
            name=op.f("fk_group_recipient_person_id_roster_person"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_recipient")),
        sa.UniqueConstraint(
            "line_id", "person_id", name=op.f("uq_group_recipient_line_id_person_id")
        ),
    )
    op.create_index(
        op.f("ix_group_recipient_group_id_id"), "group_recipient", ["group_id", "id"], unique=False
    )
    op.create_index(
        op.f("ix_group_recipient_intent_id"), "group_recipient", ["intent_id"], unique=False
    )
    op.create_index(
        op.f("ix_group_recipient_order_id"), "group_recipient", ["order_id"], unique=False
    )
    op.create_index(
        op.f("ix_group_recipient_person_id"), "group_recipient", ["person_id"], unique=False
    )
    op.create_index(
        op.f("ix_group_recipient_subject_id"), "group_recipient", ["subject_id"], unique=False
    )

    op.create_table(
        "roster_row",
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("faults", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["roster_import.id"],
            name=op.f("fk_roster_row_import_id_roster_import"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_row")),
        sa.UniqueConstraint("import_id", "row", name=op.f("uq_roster_row_import_id_row")),
    )
    op.create_index(
        op.f("ix_roster_row_import_id_state"), "roster_row", ["import_id", "state"], unique=False
    )

    with op.batch_alter_table("collection_point", schema=None) as batch_op:
        batch_op.add_column(sa.Column("branch_id", sa.BigInteger(), nullable=True))
        batch_op.create_index(op.f("ix_collection_point_branch_id"), ["branch_id"], unique=False)
        batch_op.create_foreign_key(
            op.f("fk_collection_point_branch_id_branch"), "branch", ["branch_id"], ["id"]
        )

    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("channel", sa.String(length=8), nullable=False, server_default="web")
        )
        batch_op.add_column(
            sa.Column("audience_id", sa.BigInteger(), nullable=False, server_default="0")
        )
        batch_op.create_index(
            op.f("ix_consent_purpose_version"), ["purpose", "version"], unique=False
        )

    op.create_index(
        op.f("ix_message_delivery_address_index"),
        "message_delivery",
        ["address_index"],
        unique=False,
    )

    with op.batch_alter_table("login", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tail_index", sa.String(length=64), nullable=True))
        batch_op.alter_column(
            "kind",
            existing_type=sa.VARCHAR(length=8),
            type_=sa.String(length=60),
            existing_nullable=False,
        )
        batch_op.create_index(op.f("ix_login_tail_index"), ["tail_index"], unique=False)

    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.add_column(sa.Column("branch_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("merged_into", sa.BigInteger(), nullable=True))
        batch_op.add_column(
            sa.Column("must_agree", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.add_column(sa.Column("name_index", sa.String(length=64), nullable=True))
        batch_op.create_index(op.f("ix_member_branch_id"), ["branch_id"], unique=False)
        batch_op.create_index(op.f("ix_member_merged_into"), ["merged_into"], unique=False)
        batch_op.create_index(op.f("ix_member_created_at_id"), ["created_at", "id"], unique=False)
        batch_op.create_index(op.f("ix_member_region_code_id"), ["region_code", "id"], unique=False)
        batch_op.create_index(op.f("ix_member_kind_id"), ["kind", "id"], unique=False)
        batch_op.create_index(op.f("ix_member_name_index"), ["name_index"], unique=False)
        batch_op.create_index(op.f("ix_member_state_id"), ["state", "id"], unique=False)
        batch_op.create_index(
            op.f("ix_member_totp_confirmed_at_id"), ["totp_confirmed_at", "id"], unique=False
        )
        batch_op.create_foreign_key(
            op.f("fk_member_branch_id_branch"), "branch", ["branch_id"], ["id"]
        )

    with op.batch_alter_table("postal_address", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("purpose", sa.String(length=8), nullable=False, server_default="both")
        )

    with op.batch_alter_table("staff_grant", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("branch_id", sa.BigInteger(), nullable=False, server_default="0")
        )
        batch_op.drop_constraint(op.f("uq_staff_grant_member_id_role_region"), type_="unique")
        batch_op.create_unique_constraint(
            op.f("uq_staff_grant_member_id_role_region_branch_id"),
            ["member_id", "role", "region", "branch_id"],
        )

    # Who holds a role has a place in the tree: at its root, for nobody made him.
    op.execute(
        "INSERT INTO staff_member (member_id, parent_id, title, created_at) "
        "SELECT member_id, NULL, '', MIN(created_at) FROM staff_grant GROUP BY member_id"
    )

    with op.batch_alter_table("subject", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sealed", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("removed_at", UTCDateTime(), nullable=True))
        batch_op.add_column(sa.Column("claim_hash", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("linked_id", sa.BigInteger(), nullable=True))
        batch_op.create_unique_constraint(op.f("uq_subject_claim_hash"), ["claim_hash"])
        batch_op.create_index(op.f("ix_subject_linked_id"), ["linked_id"], unique=False)

    with op.batch_alter_table("web_session", schema=None) as batch_op:
        batch_op.add_column(sa.Column("impersonator_id", sa.BigInteger(), nullable=True))


NEW_TABLES = (
    "roster_row",
    "group_recipient",
    "staff_member",
    "saved_view",
    "roster_person",
    "roster_import",
    "recovery_code",
    "member_tag",
    "member_bulk",
    "group_seat",
    "staff_role",
    "retention_run",
    "retention_rule",
    "privacy_request",
    "consent_text",
)


def downgrade() -> None:
    with op.batch_alter_table("web_session") as batch_op:
        batch_op.drop_column("impersonator_id")
    with op.batch_alter_table("subject") as batch_op:
        batch_op.drop_index(op.f("ix_subject_linked_id"))
        batch_op.drop_constraint(op.f("uq_subject_claim_hash"))
        batch_op.drop_column("linked_id")
        batch_op.drop_column("claim_hash")
        batch_op.drop_column("removed_at")
        batch_op.drop_column("sealed")
    # Without its branch a grant would count everywhere.
    op.execute("DELETE FROM staff_grant WHERE branch_id <> 0")
    with op.batch_alter_table("staff_grant") as batch_op:
        batch_op.drop_constraint(op.f("uq_staff_grant_member_id_role_region_branch_id"))
        batch_op.create_unique_constraint(
            op.f("uq_staff_grant_member_id_role_region"), ["member_id", "role", "region"]
        )
        batch_op.drop_column("branch_id")
    with op.batch_alter_table("postal_address") as batch_op:
        batch_op.drop_column("purpose")
    with op.batch_alter_table("member") as batch_op:
        batch_op.drop_constraint(op.f("fk_member_branch_id_branch"), type_="foreignkey")
        for name in (
            *("state_id", "region_code_id", "name_index", "kind_id"),
            *("totp_confirmed_at_id", "created_at_id", "branch_id", "merged_into"),
        ):
            batch_op.drop_index(op.f(f"ix_member_{name}"))
        for name in ("name_index", "must_agree", "merged_into", "branch_id"):
            batch_op.drop_column(name)
    op.drop_index(op.f("ix_message_delivery_address_index"), table_name="message_delivery")
    with op.batch_alter_table("login") as batch_op:
        batch_op.drop_index(op.f("ix_login_tail_index"))
        batch_op.drop_column("tail_index")
        batch_op.alter_column("kind", existing_type=sa.String(length=60), type_=sa.String(length=8))
    with op.batch_alter_table("consent") as batch_op:
        batch_op.drop_index(op.f("ix_consent_purpose_version"))
        batch_op.drop_column("audience_id")
        batch_op.drop_column("channel")
    with op.batch_alter_table("collection_point") as batch_op:
        batch_op.drop_constraint(op.f("fk_collection_point_branch_id_branch"), type_="foreignkey")
        batch_op.drop_index(op.f("ix_collection_point_branch_id"))
        batch_op.drop_column("branch_id")
    for table in NEW_TABLES:
        op.drop_table(table)
    op.drop_table("branch")
