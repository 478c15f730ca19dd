"""The tables of question_bank."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261122_g_question_bank"
down_revision = "20261122_f_playback"


def upgrade() -> None:
    """Create the tables."""
    op.create_table('bank',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('code', sa.String(length=60), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bank')),
    sa.UniqueConstraint('code', name=op.f('uq_bank_code'))
    )
    op.create_table('bank_topic',
    sa.Column('bank_id', sa.BigInteger(), nullable=False),
    sa.Column('code', sa.String(length=60), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['bank_id'], ['bank.id'], name=op.f('fk_bank_topic_bank_id_bank')),
    sa.PrimaryKeyConstraint('bank_id', 'code', name=op.f('pk_bank_topic'))
    )
    op.create_table('import_batch',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('bank_id', sa.BigInteger(), nullable=False),
    sa.Column('person_id', sa.BigInteger(), nullable=False),
    sa.Column('file_name', sa.String(length=200), nullable=False),
    sa.Column('format', sa.String(length=20), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('losses', postgresql.JSONB(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state IN ('staged', 'committed', 'discarded')", name=op.f('ck_import_batch_state')),
    sa.ForeignKeyConstraint(['bank_id'], ['bank.id'], name=op.f('fk_import_batch_bank_id_bank')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_import_batch_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_batch'))
    )
    op.create_index(op.f('ix_import_batch_bank_id'), 'import_batch', ['bank_id'], unique=False)
    op.create_table('item',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('bank_id', sa.BigInteger(), nullable=False),
    sa.Column('external_id', sa.String(length=120), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('content_hash', sa.String(length=64), nullable=False),
    sa.Column('plain', sa.String(), nullable=False),
    sa.Column('grams', postgresql.ARRAY(sa.String()), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('latest_version_id', sa.BigInteger(), nullable=True),
    sa.Column('approved_version_id', sa.BigInteger(), nullable=True),
    sa.Column('approved_review_id', sa.BigInteger(), nullable=True),
    sa.Column('approved_decision', sa.String(length=20), nullable=True),
    sa.CheckConstraint("approved_decision = 'approve'", name=op.f('ck_item_approved_decision')),
    sa.CheckConstraint("status <> 'approved' OR coalesce(approved_version_id = latest_version_id, false)", name=op.f('ck_item_approved_is_latest')),
    sa.CheckConstraint("status IN ('draft', 'in_review', 'approved', 'retired')", name=op.f('ck_item_status')),
    sa.CheckConstraint('num_nulls(approved_version_id, approved_review_id, approved_decision) IN (0, 3)', name=op.f('ck_item_approved_by_review')),
    sa.ForeignKeyConstraint(['bank_id'], ['bank.id'], name=op.f('fk_item_bank_id_bank')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_item')),
    sa.UniqueConstraint('bank_id', 'content_hash', name=op.f('uq_item_bank_id_content_hash')),
    sa.UniqueConstraint('bank_id', 'external_id', name=op.f('uq_item_bank_id_external_id')),
    sa.UniqueConstraint('id', 'bank_id', name=op.f('uq_item_id_bank_id'))
    )
    op.create_index('ix_item_bank_status', 'item', ['bank_id', 'status', 'id'], unique=False)
    op.create_index('ix_item_grams', 'item', ['grams'], unique=False, postgresql_using='gin')
    op.create_table('import_line',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('batch_id', sa.BigInteger(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('draft', postgresql.JSONB(), nullable=False),
    sa.Column('faults', postgresql.JSONB(), nullable=False),
    sa.Column('verdict', sa.String(length=20), nullable=False),
    sa.Column('twin', sa.String(length=120), nullable=True),
    sa.Column('likeness', sa.Integer(), nullable=True),
    sa.CheckConstraint("verdict IN ('new', 'change', 'same', 'refused')", name=op.f('ck_import_line_verdict')),
    sa.ForeignKeyConstraint(['batch_id'], ['import_batch.id'], name=op.f('fk_import_line_batch_id_import_batch')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_line')),
    sa.UniqueConstraint('batch_id', 'position', name=op.f('uq_import_line_batch_id_position'))
    )
    op.create_table('item_enemy',
    sa.Column('item_id', sa.BigInteger(), nullable=False),
    sa.Column('enemy_id', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('item_id < enemy_id', name=op.f('ck_item_enemy_order')),
    sa.ForeignKeyConstraint(['enemy_id'], ['item.id'], name=op.f('fk_item_enemy_enemy_id_item')),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_item_enemy_item_id_item')),
    sa.PrimaryKeyConstraint('item_id', 'enemy_id', name=op.f('pk_item_enemy'))
    )
    op.create_index('ix_item_enemy_enemy_id', 'item_enemy', ['enemy_id'], unique=False)
    op.create_table('item_pool',
    sa.Column('item_id', sa.BigInteger(), nullable=False),
    sa.Column('bank_id', sa.BigInteger(), nullable=False),
    sa.Column('pool', sa.String(length=20), nullable=False),
    sa.Column('placed_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("pool IN ('exam', 'practice')", name=op.f('ck_item_pool_pool')),
    sa.ForeignKeyConstraint(['item_id', 'bank_id'], ['item.id', 'item.bank_id'], name=op.f('fk_item_pool_item_id_bank_id_item')),
    sa.PrimaryKeyConstraint('item_id', name=op.f('pk_item_pool'))
    )
    op.create_index('ix_item_pool_bank_id_pool', 'item_pool', ['bank_id', 'pool'], unique=False)
    op.create_table('item_version',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('item_id', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('author_id', sa.BigInteger(), nullable=True),
    sa.Column('written_by', sa.BigInteger(), sa.Computed('coalesce(author_id, 0)', persisted=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('type', sa.String(length=20), nullable=False),
    sa.Column('stem_html', sa.String(), nullable=False),
    sa.Column('options_html', postgresql.JSONB(), nullable=False),
    sa.Column('key', postgresql.JSONB(), nullable=False),
    sa.Column('explanation_html', sa.String(), nullable=False),
    sa.Column('option_explanations_html', postgresql.JSONB(), nullable=False),
    sa.Column('topic', sa.String(length=60), nullable=False),
    sa.Column('level', sa.String(length=20), nullable=True),
    sa.Column('difficulty', sa.Float(), nullable=False),
    sa.Column('points', sa.Integer(), nullable=True),
    sa.Column('tags', postgresql.ARRAY(sa.String()), nullable=False),
    sa.Column('source', sa.String(length=300), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.CheckConstraint("level IS NULL OR level IN ('remember', 'understand', 'apply', 'analyse', 'evaluate', 'create')", name=op.f('ck_item_version_level')),
    sa.CheckConstraint("type IN ('single', 'multiple', 'true_false', 'fill_in', 'matching', 'ordering', 'short_text')", name=op.f('ck_item_version_type')),
    sa.CheckConstraint("type NOT IN ('single', 'true_false') OR jsonb_array_length(key->'options') = 1", name=op.f('ck_item_version_one_key')),
    sa.CheckConstraint('difficulty >= 0 AND difficulty <= 1', name=op.f('ck_item_version_difficulty')),
    sa.CheckConstraint('points IS NULL OR points > 0', name=op.f('ck_item_version_points')),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_item_version_item_id_item')),
    sa.ForeignKeyConstraint(['author_id'], ['person.id'], name=op.f('fk_item_version_author_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_item_version')),
    sa.UniqueConstraint('id', 'item_id', name=op.f('uq_item_version_id_item_id')),
    sa.UniqueConstraint('id', 'written_by', name=op.f('uq_item_version_id_written_by')),
    sa.UniqueConstraint('item_id', 'number', name=op.f('uq_item_version_item_id_number'))
    )
    op.create_index('ix_item_version_item_id_digest', 'item_version', ['item_id', 'digest'], unique=False)
    op.create_table('item_comment',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('version_id', sa.BigInteger(), nullable=False),
    sa.Column('person_id', sa.BigInteger(), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['version_id'], ['item_version.id'], name=op.f('fk_item_comment_version_id_item_version')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_item_comment_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_item_comment'))
    )
    op.create_index('ix_item_comment_version_id', 'item_comment', ['version_id'], unique=False)
    op.create_table('item_review',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('version_id', sa.BigInteger(), nullable=False),
    sa.Column('written_by', sa.BigInteger(), nullable=False),
    sa.Column('reviewer_id', sa.BigInteger(), nullable=False),
    sa.Column('decision', sa.String(length=20), nullable=False),
    sa.Column('comment', sa.String(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("decision IN ('approve', 'send_back')", name=op.f('ck_item_review_decision')),
    sa.CheckConstraint('reviewer_id <> written_by', name=op.f('ck_item_review_four_eyes')),
    sa.ForeignKeyConstraint(['version_id', 'written_by'], ['item_version.id', 'item_version.written_by'], name=op.f('fk_item_review_version_id_written_by_item_version')),
    sa.ForeignKeyConstraint(['reviewer_id'], ['person.id'], name=op.f('fk_item_review_reviewer_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_item_review')),
    sa.UniqueConstraint('id', 'version_id', 'decision', name=op.f('uq_item_review_id_version_id_decision'))
    )
    op.create_index('ix_item_review_version_id', 'item_review', ['version_id'], unique=False)
    op.create_table('item_use',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('version_id', sa.BigInteger(), nullable=False),
    sa.Column('purpose', sa.String(length=120), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('times', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['version_id'], ['item_version.id'], name=op.f('fk_item_use_version_id_item_version')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_item_use'))
    )
    op.create_index('ix_item_use_version_id', 'item_use', ['version_id'], unique=False)
    op.create_foreign_key('fk_item_approved_review', 'item', 'item_review', ['approved_review_id', 'approved_version_id', 'approved_decision'], ['id', 'version_id', 'decision'])
    op.create_foreign_key('fk_item_latest_version', 'item', 'item_version', ['latest_version_id', 'id'], ['id', 'item_id'])


def downgrade() -> None:
    """Refuse: the first migrations are the floor."""
    raise NotImplementedError
