"""The batch function that hands out places in the line before an exam."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_v_draw"
down_revision = "20261122_w_identity"

# Rows come in one order, and the gate's row is locked before a place is written: two batches never wait for each other crosswise.
DRAW = """
CREATE FUNCTION exam_draw(p_requests int[], p_codes text[], p_people bigint[], p_arrived timestamptz[], p_rate float8, p_early interval, p_lasts interval)
RETURNS TABLE (o_request int, o_since timestamptz, o_turn timestamptz, o_gap bigint, o_squeezed boolean)
LANGUAGE plpgsql AS $$
DECLARE
  r record;
  e exam%ROWTYPE;
  rate float8;
  gap interval;
  begins timestamptz;
  asked timestamptz;
BEGIN
  FOR r IN
    SELECT * FROM unnest(p_requests, p_codes, p_people, p_arrived) AS t(request, code, person_id, arrived) ORDER BY t.code, t.arrived, t.request
  LOOP
    IF e.code IS DISTINCT FROM r.code THEN
      SELECT * INTO e FROM exam x WHERE x.code = r.code;
      rate := coalesce((e.settings ->> 'starts_per_second')::float8, p_rate);
    END IF;
    CONTINUE WHEN e.id IS NULL OR rate <= 0 OR r.arrived < e.opens - p_early;
    -- Rounded up, so that no second holds a turn too many.
    o_gap := ceil(1000000 / rate);
    gap := o_gap * interval '1 microsecond';
    -- What a later, rehearsed clock left behind counts for nothing: the place here, the gate below.
    SELECT p.asked_at, p.turn INTO asked, o_turn FROM exam_place p
      WHERE p.exam_id = e.id AND p.person_id = r.person_id AND p.turn > r.arrived - p_lasts AND p.asked_at < r.arrived + interval '1 minute';
    IF NOT FOUND THEN
      asked := r.arrived;
      begins := greatest(date_trunc('second', r.arrived), e.opens);
      INSERT INTO exam_gate AS g (exam_id, next_at, asked_at) VALUES (e.id, begins + gap, r.arrived)
        ON CONFLICT (exam_id) DO UPDATE SET asked_at = excluded.asked_at,
          next_at = gap + greatest(begins, CASE WHEN g.asked_at < excluded.asked_at + interval '1 minute' THEN g.next_at END)
        RETURNING date_trunc('second', next_at - gap) INTO o_turn;
      INSERT INTO exam_place (exam_id, person_id, asked_at, turn) VALUES (e.id, r.person_id, asked, o_turn)
        ON CONFLICT (exam_id, person_id) DO UPDATE SET asked_at = excluded.asked_at, turn = excluded.turn;
    END IF;
    o_request := r.request;
    o_since := greatest(asked, e.opens);
    o_squeezed := o_turn > o_since + interval '1 second' AND o_turn + p_lasts + CASE e.window_rule WHEN 'start_by' THEN interval '0'
      ELSE interval '60 seconds' + e.minutes * interval '0.6 second' * coalesce((SELECT x.percent FROM exam_accommodation x
        WHERE x.exam_id = e.id AND x.person_id = r.person_id), 100) END > e.closes;
    RETURN NEXT;
  END LOOP;
END $$;
"""


def upgrade() -> None:
    """Create it."""
    op.drop_column("exam_gate", "taken")
    op.execute(DRAW)


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP FUNCTION exam_draw(int[], text[], bigint[], timestamptz[], float8, interval, interval)")
    op.execute("DELETE FROM exam_gate")
    op.add_column("exam_gate", sa.Column("taken", sa.Interval(), nullable=False))
