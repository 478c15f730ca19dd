"""Whom the line does not hold: who sits already goes back to the attempt; a place that has led to an attempt leads to no other."""

from alembic import op

revision = "20261122_aa_place"
down_revision = "20261122_x_lane"

# Rows come in one order, and the gate's row is locked before a place is written: two batches never wait for each other crosswise.
DRAW = """
CREATE OR REPLACE FUNCTION exam_draw(
  p_requests int[], p_codes text[], p_people bigint[], p_arrived timestamptz[], p_rate float8, p_early interval, p_lasts interval)
RETURNS TABLE (o_request int, o_since timestamptz, o_turn timestamptz, o_gap bigint, o_squeezed boolean)
LANGUAGE plpgsql AS $$
DECLARE
  r record;
  e exam%ROWTYPE;
  rate float8;
  gap interval;
  begins timestamptz;
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
    -- What a later, rehearsed clock left behind counts for nothing: the attempt and the place here, the gate below.
    SELECT max(a.started_at) FILTER (WHERE a.started_at <= r.arrived), coalesce(bool_or(a.state = 'open'), false) INTO started, sits
      FROM attempt a WHERE a.exam_id = e.id AND a.person_id = r.person_id;
    CONTINUE WHEN sits;
    -- Rounded up, so that no second holds a turn too many.
    o_gap := CASE WHEN rate > 0 THEN ceil(1000000 / rate) ELSE 1 END;
    gap := o_gap * interval '1 microsecond';
    SELECT p.asked_at, p.turn INTO asked, o_turn FROM exam_place p
      WHERE p.exam_id = e.id AND p.person_id = r.person_id AND p.turn > r.arrived - p_lasts AND p.asked_at < r.arrived + interval '1 minute'
        AND p.asked_at >= coalesce(started, '-infinity');
    IF NOT FOUND THEN
      CONTINUE WHEN rate <= 0;
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

# The ordinary start: a first or further attempt of somebody who may. Each condition of admission stands here as in exam/domain/admission.py;
# who meets not all of them gets no row and goes the long way, which knows the reasons. What is read after the advisory lock is read anew,
# so that a start which was waited for is seen.
START = """
CREATE OR REPLACE FUNCTION exam_start(p_rows json)
RETURNS TABLE (o_request int, o_exam bigint, o_title text, o_attempt bigint, o_count int, o_deadline timestamptz, o_paper bigint,
  o_assembly bigint, o_number int,
  o_versions bigint[], o_orders bytea, o_expected int, o_hash text)
LANGUAGE plpgsql AS $$
DECLARE
  r record;
  e exam%ROWTYPE;
  p paper%ROWTYPE;
  given int;
  open boolean;
  used boolean;
  percent int;
BEGIN
  -- In one order, so that two batches never wait for each other crosswise.
  FOR r IN
    SELECT t.* FROM json_to_recordset(p_rows) AS t(request int, exam text, person_id bigint, login_id bigint, device text, learned boolean,
      arrived timestamptz, since timestamptz)
    ORDER BY t.exam, t.person_id, t.request
  LOOP
    SELECT * INTO e FROM exam x WHERE x.code = r.exam;
    CONTINUE WHEN NOT FOUND OR e.state <> 'ready' OR r.arrived < e.opens OR r.arrived >= e.closes OR (e.requires_learning AND NOT r.learned);
    CONTINUE WHEN e.window_rule = 'finish_by' AND r.arrived >= e.closes - interval '60 seconds';
    PERFORM pg_advisory_xact_lock(hashtextextended('attempt:' || e.id, r.person_id));
    SELECT coalesce(max(a.number), 0), coalesce(bool_or(a.state = 'open'), false),
        coalesce(bool_or(r.since < a.started_at AND a.started_at <= r.arrived), false) INTO given, open, used
      FROM attempt a WHERE a.exam_id = e.id AND a.person_id = r.person_id;
    CONTINUE WHEN open OR used OR given >= e.attempts OR r.arrived < e.wait_days * interval '24 hours'
      + (SELECT max(a.ended_at) FROM attempt a WHERE a.exam_id = e.id AND a.person_id = r.person_id);
    CONTINUE WHEN NOT EXISTS (SELECT FROM enrolment n JOIN learner_progress g ON g.enrolment_id = n.id
        WHERE n.person_id = r.person_id AND n.programme_code = e.programme_code)
      OR NOT EXISTS (SELECT FROM login l JOIN person h ON h.id = l.person_id
        WHERE l.id = r.login_id AND l.person_id = r.person_id AND l.ended_at IS NULL AND l.ends_at > r.arrived AND h.active);
    UPDATE paper SET taken_at = r.arrived WHERE id = (SELECT f.id FROM paper f WHERE f.exam_id = e.id AND f.taken_at IS NULL
      ORDER BY f.assembly_id, f.number LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING * INTO p;
    CONTINUE WHEN NOT FOUND;
    percent := coalesce((SELECT x.percent FROM exam_accommodation x WHERE x.exam_id = e.id AND x.person_id = r.person_id), 100);
    o_deadline := r.arrived + interval '1 second' * (e.minutes * 60 * percent) / 100;
    IF e.window_rule = 'finish_by' THEN
      o_deadline := least(o_deadline, e.closes - interval '60 seconds');
    END IF;
    o_request := r.request; o_count := given + 1; o_paper := p.id; o_exam := e.id; o_title := e.title;
    o_assembly := p.assembly_id; o_number := p.number; o_versions := p.version_ids; o_orders := p.orders; o_expected := p.expected; o_hash := p.hash;
    INSERT INTO attempt (exam_id, person_id, number, paper_id, state, started_at, base_deadline, deadline, percent, items, epoch, resumes,
        device, led_since, answers, revisions, marks, late, reopened)
      SELECT e.id, r.person_id, o_count, p.id, 'open', r.arrived, o_deadline, o_deadline, percent, size, 1, 1, r.device, r.arrived,
        array_fill(NULL::text, ARRAY[size]), array_fill(0, ARRAY[size]), array_fill(false, ARRAY[size]), 0, 0
      FROM cardinality(p.version_ids) AS size RETURNING id INTO o_attempt;
    RETURN NEXT;
  END LOOP;
END $$;
"""


def upgrade() -> None:
    """Replace both."""
    op.execute(DRAW)
    op.execute(START)


def downgrade() -> None:
    """Refuse: the first migrations are the floor."""
    raise NotImplementedError
