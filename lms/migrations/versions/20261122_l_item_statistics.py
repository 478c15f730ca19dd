"""Analyses of items and what was measured of each version."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261122_l_item_statistics"
down_revision = "20261122_j_heartbeat"


def upgrade() -> None:
    """Create the tables."""
    op.create_table('item_analysis',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('bank_id', sa.BigInteger(), nullable=False),
    sa.Column('source', sa.String(length=120), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('people', sa.Integer(), nullable=False),
    sa.Column('complete', sa.Boolean(), nullable=False),
    sa.Column('reliability', postgresql.JSONB(), nullable=False),
    sa.Column('models', postgresql.JSONB(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['bank_id'], ['bank.id'], name=op.f('fk_item_analysis_bank_id_bank')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_item_analysis'))
    )
    op.create_index('ix_item_analysis_bank_id', 'item_analysis', ['bank_id', 'id'], unique=False)
    op.create_table('item_statistics',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('analysis_id', sa.BigInteger(), nullable=False),
    sa.Column('version_id', sa.BigInteger(), nullable=False),
    sa.Column('answers', sa.Integer(), nullable=False),
    sa.Column('logit', sa.Float(), nullable=True),
    sa.Column('logit_error', sa.Float(), nullable=True),
    sa.Column('report', postgresql.JSONB(), nullable=False),
    sa.ForeignKeyConstraint(['analysis_id'], ['item_analysis.id'], name=op.f('fk_item_statistics_analysis_id_item_analysis')),
    sa.ForeignKeyConstraint(['version_id'], ['item_version.id'], name=op.f('fk_item_statistics_version_id_item_version')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_item_statistics')),
    sa.UniqueConstraint('analysis_id', 'version_id', name=op.f('uq_item_statistics_analysis_id_version_id'))
    )
    op.create_index('ix_item_statistics_version_id', 'item_statistics', ['version_id', 'id'], unique=False)
    op.create_table('item_measure',
    sa.Column('version_id', sa.BigInteger(), nullable=False),
    sa.Column('bank_id', sa.BigInteger(), nullable=False),
    sa.Column('statistics_id', sa.BigInteger(), nullable=False),
    sa.Column('severity', sa.SmallInteger(), nullable=False),
    sa.Column('difficulty', sa.Float(), nullable=True),
    sa.Column('answers', sa.Integer(), nullable=False),
    sa.Column('measured_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['bank_id'], ['bank.id'], name=op.f('fk_item_measure_bank_id_bank')),
    sa.ForeignKeyConstraint(['statistics_id'], ['item_statistics.id'], name=op.f('fk_item_measure_statistics_id_item_statistics')),
    sa.ForeignKeyConstraint(['version_id'], ['item_version.id'], name=op.f('fk_item_measure_version_id_item_version')),
    sa.PrimaryKeyConstraint('version_id', name=op.f('pk_item_measure'))
    )
    op.create_index('ix_item_measure_concern', 'item_measure', ['bank_id', 'severity', 'version_id'], unique=False)


def downgrade() -> None:
    """Drop the tables."""
    for table in ("item_measure", "item_statistics", "item_analysis"):
        op.drop_table(table)
