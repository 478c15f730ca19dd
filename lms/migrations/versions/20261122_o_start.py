"""The batch function behind starting an exam."""

from alembic import op

revision = "20261122_o_start"
down_revision = "20261122_k_erasure"

# The ordinary start: a first or further attempt of somebody who may. Each condition of admission stands here as in exam/domain/admission.py;
# who meets not all of them gets no row and goes the long way, which knows the reasons. What is read after the advisory lock is read anew,
# so that a start which was waited for is seen.
START = """
CREATE FUNCTION exam_start(p_rows json)
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
  percent int;
BEGIN
  -- In one order, so that two batches never wait for each other crosswise.
  FOR r IN
    SELECT t.* FROM json_to_recordset(p_rows) AS t(request int, exam text, person_id bigint, login_id bigint, device text, learned boolean,
      arrived timestamptz)
    ORDER BY t.exam, t.person_id, t.request
  LOOP
    SELECT * INTO e FROM exam x WHERE x.code = r.exam;
    CONTINUE WHEN NOT FOUND OR e.state <> 'ready' OR r.arrived < e.opens OR r.arrived >= e.closes OR (e.requires_learning AND NOT r.learned);
    CONTINUE WHEN e.window_rule = 'finish_by' AND r.arrived >= e.closes - interval '60 seconds';
    PERFORM pg_advisory_xact_lock(hashtextextended('attempt:' || e.id, r.person_id));
    SELECT coalesce(max(a.number), 0), coalesce(bool_or(a.state = 'open'), false) INTO given, open
      FROM attempt a WHERE a.exam_id = e.id AND a.person_id = r.person_id;
    CONTINUE WHEN open OR given >= e.attempts;
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
    """Create it."""
    op.execute(START)


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP FUNCTION exam_start(json)")
