"""A start is one call: the line is asked inside. A turn that was missed comes again at the rate, and used is used from the first instant."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_ab_one_call"
down_revision = "20261122_ab_window_request"

# Rows come in one order, and the gate's row is locked before a place is written: two batches never wait for each other crosswise.
DRAW = """
CREATE FUNCTION exam_draw(
  p_requests int[], p_codes text[], p_people bigint[], p_arrived timestamptz[], p_rate float8, p_early interval, p_lasts interval, p_late interval)
RETURNS TABLE (o_request int, o_since timestamptz, o_turn timestamptz, o_gap bigint, o_squeezed boolean)
LANGUAGE plpgsql AS $$
DECLARE
  r record;
  e exam%ROWTYPE;
  rate float8;
  gap interval;
  begins timestamptz;
  again timestamptz;
  asked timestamptz;
  started timestamptz;
  sits boolean;
BEGIN
  FOR r IN
    SELECT * FROM unnest(p_requests, p_codes, p_people, p_arrived) AS t(request, code, person_id, arrived) ORDER BY t.code, t.arrived, t.request
  LOOP
    IF e.code IS DISTINCT FROM r.code THEN
      SELECT * INTO e FROM exam x WHERE x.code = r.code;
      rate := coalesce((e.settings ->> 'starts_per_second')::float8, p_rate);
    END IF;
    CONTINUE WHEN e.id IS NULL OR r.arrived < e.opens - p_early;
    -- Without a rate only places from before are looked for.
    CONTINUE WHEN rate <= 0 AND NOT EXISTS (SELECT FROM exam_place p WHERE p.exam_id = e.id AND p.person_id = r.person_id);
    -- What a later, rehearsed clock left behind counts for nothing: the attempt and the place here, the gate below.
    SELECT max(a.started_at) FILTER (WHERE a.started_at <= r.arrived), coalesce(bool_or(a.state = 'open'), false) INTO started, sits
      FROM attempt a WHERE a.exam_id = e.id AND a.person_id = r.person_id;
    CONTINUE WHEN sits;
    -- Rounded up, so that no second holds a turn too many.
    o_gap := CASE WHEN rate > 0 THEN ceil(1000000 / rate) ELSE 1 END;
    gap := o_gap * interval '1 microsecond';
    begins := greatest(date_trunc('second', r.arrived), e.opens);
    SELECT p.asked_at, p.turn INTO asked, o_turn FROM exam_place p
      WHERE p.exam_id = e.id AND p.person_id = r.person_id AND p.turn > r.arrived - p_lasts AND p.asked_at < r.arrived + interval '1 minute'
        AND p.asked_at > coalesce(started, '-infinity');
    IF NOT FOUND THEN
      CONTINUE WHEN rate <= 0;
      asked := r.arrived;
      INSERT INTO exam_gate AS g (exam_id, next_at, asked_at) VALUES (e.id, begins + gap, r.arrived)
        ON CONFLICT (exam_id) DO UPDATE SET asked_at = excluded.asked_at,
          next_at = gap + greatest(begins, CASE WHEN g.asked_at < excluded.asked_at + interval '1 minute' THEN g.next_at END),
          again_at = CASE WHEN g.asked_at < excluded.asked_at + interval '1 minute' THEN g.again_at END,
          told_until = CASE WHEN g.asked_at < excluded.asked_at + interval '1 minute' THEN g.told_until END
        RETURNING date_trunc('second', next_at - gap) INTO o_turn;
      INSERT INTO exam_place (exam_id, person_id, asked_at, turn) VALUES (e.id, r.person_id, asked, o_turn)
        ON CONFLICT (exam_id, person_id) DO UPDATE SET asked_at = excluded.asked_at, turn = excluded.turn;
    ELSIF o_turn <= r.arrived - p_late THEN
      -- Missed, by her or by all in an outage: those come again at the rate, beside those whose turn it is now.
      UPDATE exam_gate g SET again_at = gap + greatest(begins, CASE WHEN g.asked_at < r.arrived + interval '1 minute' THEN g.again_at END)
        WHERE g.exam_id = e.id RETURNING date_trunc('second', again_at - gap) INTO again;
      IF again > r.arrived THEN
        o_turn := again;
        UPDATE exam_place p SET turn = again WHERE p.exam_id = e.id AND p.person_id = r.person_id;
      END IF;
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

# First everybody whose turn has not come, or has passed, gets her place; then the ordinary start: a first or further attempt of somebody
# who may. Each condition of admission stands here as in exam/domain/admission.py; who meets not all of them gets no attempt and goes the
# long way, which knows the reasons. What is read after the advisory lock is read anew, so that a start which was waited for is seen.
START = """
CREATE FUNCTION exam_start(p_rows json, p_rate float8, p_early interval, p_lasts interval, p_late interval)
RETURNS TABLE (o_request int, o_since timestamptz, o_turn timestamptz, o_gap bigint, o_squeezed boolean,
  o_exam bigint, o_title text, o_attempt bigint, o_count int, o_deadline timestamptz, o_paper bigint, o_assembly bigint, o_number int,
  o_versions bigint[], o_orders bytea, o_expected int, o_hash text)
LANGUAGE plpgsql AS $$
DECLARE
  r record;
  e exam%ROWTYPE;
  p paper%ROWTYPE;
  open boolean;
  used boolean;
  may boolean;
  percent int;
  ended timestamptz;
BEGIN
  -- In one order, so that two batches never wait for each other crosswise.
  FOR r IN
    WITH line AS MATERIALIZED (
      SELECT * FROM json_to_recordset(p_rows) AS t(request int, exam text, person_id bigint, login_id bigint, device text, learned boolean,
        slowly boolean, arrived timestamptz, asks boolean, since timestamptz, turn timestamptz, gap bigint, squeezed boolean)
    ), asking AS MATERIALIZED (
      SELECT array_agg(request) AS requests, array_agg(exam) AS exams, array_agg(person_id) AS people, array_agg(arrived) AS arrivals FROM line WHERE asks
    ), drawn AS MATERIALIZED (
      SELECT d.* FROM asking, exam_draw(requests, exams, people, arrivals, p_rate, p_early, p_lasts, p_late) AS d
    )
    SELECT line.*, d.o_request IS NOT NULL AS drawn, d.o_since AS d_since, d.o_turn AS d_turn, d.o_gap AS d_gap, d.o_squeezed AS d_squeezed
    FROM line LEFT JOIN drawn AS d ON d.o_request = line.request ORDER BY line.exam, line.person_id, line.request
  LOOP
    o_request := r.request; o_attempt := NULL;
    o_since := r.since; o_turn := r.turn; o_gap := r.gap; o_squeezed := r.squeezed;
    IF r.drawn THEN
      -- The better of the place that she holds and the one that the line gives her now; a turn that has passed is no better. She has asked since the first.
      IF r.turn IS NULL OR r.turn <= r.arrived OR r.d_turn < r.turn THEN
        o_turn := r.d_turn; o_gap := r.d_gap;
      END IF;
      o_since := least(r.since, r.d_since); o_squeezed := coalesce(r.squeezed, false) OR r.d_squeezed;
    ELSIF r.asks AND r.turn IS NOT NULL THEN
      o_turn := greatest(r.since, r.arrived);  -- nobody need wait any more
    END IF;
    <<entry>>
    BEGIN
      EXIT entry WHEN r.slowly OR o_turn > r.arrived OR o_squeezed;
      IF e.code IS DISTINCT FROM r.exam THEN
        SELECT * INTO e FROM exam x WHERE x.code = r.exam;
      END IF;
      EXIT entry WHEN e.id IS NULL OR e.state <> 'ready' OR r.arrived < e.opens OR r.arrived >= e.closes OR (e.requires_learning AND NOT r.learned);
      EXIT entry WHEN e.window_rule = 'finish_by' AND r.arrived >= e.closes - interval '60 seconds';
      PERFORM pg_advisory_xact_lock(hashtextextended('attempt:' || e.id, r.person_id));
      SELECT coalesce(max(a.number), 0) + 1, coalesce(bool_or(a.state = 'open'), false), max(a.ended_at),
          coalesce(bool_or(o_since <= a.started_at AND a.started_at <= r.arrived AND o_since < r.arrived), false),
          coalesce((SELECT x.percent FROM exam_accommodation x WHERE x.exam_id = e.id AND x.person_id = r.person_id), 100),
          EXISTS (SELECT FROM enrolment n JOIN learner_progress g ON g.enrolment_id = n.id
            WHERE n.person_id = r.person_id AND n.programme_code = e.programme_code)
          AND EXISTS (SELECT FROM login l JOIN person h ON h.id = l.person_id
            WHERE l.id = r.login_id AND l.person_id = r.person_id AND l.ended_at IS NULL AND l.ends_at > r.arrived AND h.active)
        INTO o_count, open, ended, used, percent, may FROM attempt a WHERE a.exam_id = e.id AND a.person_id = r.person_id;
      EXIT entry WHEN open OR used OR NOT may OR o_count > e.attempts OR r.arrived < e.wait_days * interval '24 hours' + ended;
      UPDATE paper SET taken_at = r.arrived WHERE id = (SELECT f.id FROM paper f WHERE f.exam_id = e.id AND f.taken_at IS NULL
        ORDER BY f.assembly_id, f.number LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING * INTO p;
      EXIT entry WHEN NOT FOUND;
      o_deadline := r.arrived + interval '1 second' * (e.minutes * 60 * percent) / 100;
      IF e.window_rule = 'finish_by' THEN
        o_deadline := least(o_deadline, e.closes - interval '60 seconds');
      END IF;
      o_paper := p.id; o_exam := e.id; o_title := e.title;
      o_assembly := p.assembly_id; o_number := p.number; o_versions := p.version_ids; o_orders := p.orders; o_expected := p.expected; o_hash := p.hash;
      INSERT INTO attempt (exam_id, person_id, number, paper_id, state, started_at, base_deadline, deadline, percent, items, epoch, resumes,
          device, led_since, answers, revisions, marks, late, reopened)
        SELECT e.id, r.person_id, o_count, p.id, 'open', r.arrived, o_deadline, o_deadline, percent, size, 1, 1, r.device, r.arrived,
          array_fill(NULL::text, ARRAY[size]), array_fill(0, ARRAY[size]), array_fill(false, ARRAY[size]), 0, 0
        FROM cardinality(p.version_ids) AS size RETURNING id INTO o_attempt;
    END;
    CONTINUE WHEN o_turn IS NULL AND o_attempt IS NULL;
    RETURN NEXT;
  END LOOP;
END $$;
"""


def upgrade() -> None:
    """Replace both; the line remembers from when missed turns come again, and up to when it has told turns that were later moved up."""
    op.execute("DROP FUNCTION exam_draw(int[], text[], bigint[], timestamptz[], float8, interval, interval)")
    op.execute("DROP FUNCTION exam_start(json)")
    op.add_column("exam_gate", sa.Column("again_at", sa.DateTime(timezone=True)))
    op.add_column("exam_gate", sa.Column("told_until", sa.DateTime(timezone=True)))
    op.execute(DRAW)
    op.execute(START)


def downgrade() -> None:
    """Refuse: the first migrations are the floor."""
    raise NotImplementedError
