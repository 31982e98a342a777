"""The table of messages."""

import sqlalchemy as sa
from alembic import op

import suwen.kernel.db

revision = "push_inbox_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "push_inbox_message",
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("link", sa.String(length=300), nullable=False),
        sa.Column("created_at", suwen.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("read_at", suwen.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_inbox_message")),
        sa.UniqueConstraint("delivery_id", name=op.f("uq_push_inbox_message_delivery_id")),
    )
    op.create_index(
        op.f("ix_push_inbox_message_member_id_id"), "push_inbox_message", ["member_id", "id"]
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_push_inbox_message_member_id_id"), table_name="push_inbox_message")
    op.drop_table("push_inbox_message")
