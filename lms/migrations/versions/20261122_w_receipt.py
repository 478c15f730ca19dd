"""Receipts that name one handing-in, and can be looked up."""

from alembic import op

revision = "20261122_w_receipt"
down_revision = "20261122_y_login"

# As before, but the attempt and its round are in the digest: two blank papers of one form had the same receipt.
# exam/domain/receipt.py computes it again.
END = """
CREATE OR REPLACE FUNCTION exam_end(a attempt, p_by text, p_key text, p_body_hash text, p_at timestamptz) RETURNS submission LANGUAGE plpgsql AS $$
DECLARE
  s submission%ROWTYPE;
BEGIN
  INSERT INTO submission (attempt_id, round, ended_by, key, body_hash, submitted_at, answered, receipt)
    SELECT a.id, a.reopened, p_by, p_key, p_body_hash, p_at,
      (SELECT count(*) FROM unnest(a.answers) AS given WHERE given <> ''),
      upper(left(encode(sha256(convert_to(a.id || '|' || a.reopened || '|' || p.hash || '|' || array_to_string(a.answers, ';', '-') || '|'
        || array_to_string(a.revisions, ','), 'UTF8')), 'hex'), 16))
    FROM paper p WHERE p.id = a.paper_id
    RETURNING * INTO STRICT s;
  UPDATE attempt SET state = CASE p_by WHEN 'learner' THEN 'submitted' ELSE 'finalised' END, ended_at = p_at WHERE id = a.id;
  RETURN s;
END $$;
"""

BEFORE = END.replace("a.id || '|' || a.reopened || '|' || p.hash", "p.hash")


def upgrade() -> None:
    """Replace the function, and find receipts by their code."""
    op.execute(END)
    op.create_index("ix_submission_receipt", "submission", ["receipt"], unique=False)


def downgrade() -> None:
    """Put the former function back."""
    op.drop_index("ix_submission_receipt", "submission")
    op.execute(BEFORE)
