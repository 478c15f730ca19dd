"""The tables of exam, and the batch functions behind saving and handing in."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261122_h_exam"
down_revision = "20261122_g_question_bank"

TRANSITIONS = """
CREATE FUNCTION attempt_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (OLD.state, NEW.state) IN (('open', 'submitted'), ('open', 'finalised'), ('open', 'annulled'), ('submitted', 'scored'),
      ('submitted', 'annulled'), ('finalised', 'scored'), ('finalised', 'annulled'), ('scored', 'annulled'))
     OR (OLD.state IN ('submitted', 'finalised') AND NEW.state = 'open' AND NEW.reopened = OLD.reopened + 1) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'attempt % cannot go from % to %', OLD.id, OLD.state, NEW.state USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER attempt_transition BEFORE UPDATE OF state ON attempt FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION attempt_transition();
"""

FROZEN = """
CREATE FUNCTION frozen_columns() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% % is frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER paper_frozen BEFORE UPDATE OF exam_id, assembly_id, number, version_ids, orders, expected, hash ON paper
  FOR EACH ROW EXECUTE FUNCTION frozen_columns();
CREATE TRIGGER attempt_frozen BEFORE UPDATE OF exam_id, person_id, number, paper_id, items, started_at, base_deadline, percent ON attempt
  FOR EACH ROW EXECUTE FUNCTION frozen_columns();
"""

SAVE = """
CREATE FUNCTION exam_save(p_rows json)
RETURNS TABLE (o_request int, o_position int, o_seq bigint, o_status text, o_revision int, o_value text, o_marked boolean, o_late boolean,
  o_deadline timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
  r record;
  a attempt%ROWTYPE;
  known record;
  looked bigint := NULL;
  stands boolean := false;
  changed boolean := false;
BEGIN
  -- Rows come attempt by attempt in the order of ids, so that two batches never wait for each other crosswise.
  FOR r IN
    SELECT t.*, row_number() OVER () AS n FROM json_to_recordset(p_rows) AS t(request int, attempt_id bigint, person_id bigint,
      login_id bigint, epoch int, arrived timestamptz, place int, seq bigint, expected int, value text, marked boolean, clear boolean, hash text)
    ORDER BY t.attempt_id, n
  LOOP
    IF a.id IS DISTINCT FROM r.attempt_id THEN
      IF changed THEN
        UPDATE attempt SET answers = a.answers, revisions = a.revisions, marks = a.marks, late = a.late WHERE id = a.id;
        changed := false;
      END IF;
      SELECT * INTO a FROM attempt WHERE id = r.attempt_id AND person_id = r.person_id FOR UPDATE;
    END IF;
    o_request := r.request; o_position := r.place; o_seq := r.seq; o_revision := 0; o_value := ''; o_marked := false; o_late := false;
    o_deadline := a.deadline;
    IF looked IS DISTINCT FROM r.login_id THEN
      stands := EXISTS (SELECT 1 FROM login l WHERE l.id = r.login_id AND l.person_id = r.person_id AND l.ended_at IS NULL
        AND l.ends_at > r.arrived);
      looked := r.login_id;
    END IF;
    IF a.id IS NULL OR r.place > a.items THEN
      o_status := 'missing';
      RETURN NEXT;
      CONTINUE;
    ELSIF NOT stands THEN
      o_status := 'signed_out';
      RETURN NEXT;
      CONTINUE;
    END IF;
    SELECT e.outcome, e.revision, e.value, e.marked, e.late, e.hash INTO known FROM response_event e
      WHERE e.attempt_id = r.attempt_id AND e.position = r.place AND e.client_seq = r.seq;
    IF FOUND THEN
      -- A retry gets what the first try got; the same number with other contents is a defect of the sender.
      o_status := CASE WHEN known.hash = decode(r.hash, 'hex') THEN known.outcome ELSE 'sequence_taken' END;
      o_revision := known.revision; o_value := known.value; o_marked := known.marked; o_late := known.late;
      IF o_status <> 'saved' THEN
        o_revision := a.revisions[r.place]; o_value := coalesce(a.answers[r.place], ''); o_marked := a.marks[r.place];
      END IF;
      RETURN NEXT;
      CONTINUE;
    END IF;
    o_late := r.arrived > a.deadline;
    o_status := CASE
      WHEN a.state <> 'open' THEN 'closed'
      WHEN r.arrived > a.deadline + interval '60 seconds' THEN 'time_is_up'
      WHEN r.epoch <> a.epoch THEN 'other_device'
      WHEN r.expected <> a.revisions[r.place] THEN 'stale'
      WHEN r.value = '' AND coalesce(a.answers[r.place], '') <> '' AND NOT r.clear THEN 'clear_not_said'
      ELSE 'saved' END;
    IF o_status = 'saved' THEN
      a.answers[r.place] := r.value;
      a.revisions[r.place] := r.expected + 1;
      a.marks[r.place] := r.marked;
      IF o_late THEN a.late := a.late + 1; END IF;
      changed := true;
    END IF;
    o_revision := a.revisions[r.place]; o_value := coalesce(a.answers[r.place], ''); o_marked := a.marks[r.place];
    -- stored_at is evidence of queueing only; nothing is decided by it.
    INSERT INTO response_event (attempt_id, position, client_seq, expected, revision, value, marked, outcome, late, arrived_at, stored_at,
        login_id, epoch, hash)
      VALUES (r.attempt_id, r.place, r.seq, r.expected, o_revision, r.value, r.marked, o_status, o_late, r.arrived, clock_timestamp(),
        r.login_id, r.epoch, decode(r.hash, 'hex'));
    RETURN NEXT;
  END LOOP;
  IF changed THEN
    UPDATE attempt SET answers = a.answers, revisions = a.revisions, marks = a.marks, late = a.late WHERE id = a.id;
  END IF;
END $$;
"""

END = """
CREATE FUNCTION exam_end(a attempt, p_by text, p_key text, p_body_hash text, p_at timestamptz) RETURNS submission LANGUAGE plpgsql AS $$
DECLARE
  s submission%ROWTYPE;
BEGIN
  INSERT INTO submission (attempt_id, round, ended_by, key, body_hash, submitted_at, answered, receipt)
    SELECT a.id, a.reopened, p_by, p_key, p_body_hash, p_at,
      (SELECT count(*) FROM unnest(a.answers) AS given WHERE given <> ''),
      upper(left(encode(sha256(convert_to(p.hash || '|' || array_to_string(a.answers, ';', '-') || '|' || array_to_string(a.revisions, ','),
        'UTF8')), 'hex'), 16))
    FROM paper p WHERE p.id = a.paper_id
    RETURNING * INTO STRICT s;
  UPDATE attempt SET state = CASE p_by WHEN 'learner' THEN 'submitted' ELSE 'finalised' END, ended_at = p_at WHERE id = a.id;
  RETURN s;
END $$;
"""

SUBMIT = """
CREATE FUNCTION exam_submit(p_rows json)
RETURNS TABLE (o_request int, o_status text, o_by text, o_at timestamptz, o_answered int, o_receipt text)
LANGUAGE plpgsql AS $$
DECLARE
  r record;
  a attempt%ROWTYPE;
  s submission%ROWTYPE;
BEGIN
  FOR r IN
    SELECT t.*, row_number() OVER () AS n FROM json_to_recordset(p_rows) AS t(request int, attempt_id bigint, person_id bigint,
      login_id bigint, epoch int, arrived timestamptz, key text, body_hash text)
    ORDER BY t.attempt_id, n
  LOOP
    o_request := r.request; o_by := NULL; o_at := NULL; o_answered := NULL; o_receipt := NULL;
    SELECT * INTO a FROM attempt WHERE id = r.attempt_id AND person_id = r.person_id FOR UPDATE;
    IF NOT FOUND THEN
      o_status := 'missing';
    ELSIF NOT EXISTS (SELECT 1 FROM login l WHERE l.id = r.login_id AND l.person_id = r.person_id AND l.ended_at IS NULL
        AND l.ends_at > r.arrived) THEN
      o_status := 'signed_out';
    ELSE
      SELECT * INTO s FROM submission WHERE attempt_id = a.id AND round = a.reopened;
      IF FOUND AND s.key = r.key AND s.body_hash <> r.body_hash THEN
        o_status := 'key_reused';
      ELSIF FOUND THEN
        o_status := 'done';
      ELSIF a.state <> 'open' THEN
        o_status := 'closed';
      ELSIF r.epoch <> a.epoch THEN
        o_status := 'other_device';
      ELSE
        s := exam_end(a, CASE WHEN r.arrived <= a.deadline + interval '60 seconds' THEN 'learner' ELSE 'deadline' END, r.key, r.body_hash,
          r.arrived);
        o_status := 'done';
      END IF;
      IF o_status = 'done' THEN
        o_by := s.ended_by; o_at := s.submitted_at; o_answered := s.answered; o_receipt := s.receipt;
      END IF;
    END IF;
    RETURN NEXT;
  END LOOP;
END $$;
"""

FINALISE = """
CREATE FUNCTION exam_finalise(p_attempts bigint[], p_now timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  a attempt%ROWTYPE;
BEGIN
  FOR a IN SELECT * FROM attempt WHERE id = ANY (p_attempts) AND state = 'open' ORDER BY id FOR UPDATE LOOP
    PERFORM exam_end(a, 'deadline', 'sweeper', '', p_now);
  END LOOP;
END $$;
"""


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "blueprint",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_blueprint"),
        sa.UniqueConstraint("code", "version", name="uq_blueprint_code_version"),
    )
    op.create_table(
        "response_event",
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("client_seq", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("marked", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("login_id", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("outcome IN ('saved', 'stale', 'clear_not_said', 'other_device', 'closed', 'time_is_up')", name="ck_response_event_outcome"),
        sa.PrimaryKeyConstraint("attempt_id", "position", "client_seq", name="pk_response_event"),
    )
    op.create_index("ix_response_event_arrived_at", "response_event", ["arrived_at"], unique=False, postgresql_using="brin")
    op.create_table(
        "exam",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("programme_code", sa.String(length=60), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("component", sa.String(length=60), nullable=False),
        sa.Column("bank_code", sa.String(length=60), nullable=False),
        sa.Column("blueprint_id", sa.BigInteger(), nullable=False),
        sa.Column("opens", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes", sa.DateTime(timezone=True), nullable=False),
        sa.Column("window_rule", sa.String(length=20), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("pass_points", sa.Integer(), nullable=True),
        sa.Column("requires_learning", sa.Boolean(), nullable=False),
        sa.Column("release", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("activity_id", sa.BigInteger(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settings", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint("release IN ('at_once', 'by_hand')", name="ck_exam_release"),
        sa.CheckConstraint("state IN ('draft', 'ready', 'closed')", name="ck_exam_state"),
        sa.CheckConstraint("window_rule IN ('start_by', 'finish_by')", name="ck_exam_window_rule"),
        sa.CheckConstraint("minutes > 0 AND attempts > 0 AND items > 0 AND points > 0", name="ck_exam_sizes"),
        sa.CheckConstraint("opens < closes", name="ck_exam_window"),
        sa.ForeignKeyConstraint(["blueprint_id"], ["blueprint.id"], name="fk_exam_blueprint_id_blueprint"),
        sa.PrimaryKeyConstraint("id", name="pk_exam"),
        sa.UniqueConstraint("code", name="uq_exam_code"),
    )
    op.create_index("ix_exam_programme_code", "exam", ["programme_code"], unique=False)
    op.create_table(
        "assembly",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("exam_id", sa.BigInteger(), nullable=False),
        sa.Column("seed", sa.String(length=80), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("pool", postgresql.JSONB(), nullable=False),
        sa.Column("statistics", postgresql.JSONB(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name="fk_assembly_exam_id_exam"),
        sa.PrimaryKeyConstraint("id", name="pk_assembly"),
    )
    op.create_table(
        "exam_accommodation",
        sa.Column("exam_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.CheckConstraint("percent BETWEEN 100 AND 300", name="ck_exam_accommodation_percent"),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name="fk_exam_accommodation_exam_id_exam"),
        sa.PrimaryKeyConstraint("exam_id", "person_id", name="pk_exam_accommodation"),
    )
    op.create_table(
        "paper",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("exam_id", sa.BigInteger(), nullable=False),
        sa.Column("assembly_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("version_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("orders", sa.LargeBinary(), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["assembly_id"], ["assembly.id"], name="fk_paper_assembly_id_assembly"),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name="fk_paper_exam_id_exam"),
        sa.PrimaryKeyConstraint("id", name="pk_paper"),
        sa.UniqueConstraint("assembly_id", "number", name="uq_paper_assembly_id_number"),
    )
    op.create_index("ix_paper_free", "paper", ["exam_id", "assembly_id", "number"], unique=False, postgresql_where=sa.text("taken_at IS NULL"))
    op.create_table(
        "attempt",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("exam_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("base_deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("resumes", sa.Integer(), nullable=False),
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("led_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answers", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("revisions", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("marks", postgresql.ARRAY(sa.Boolean()), nullable=False),
        sa.Column("late", sa.Integer(), nullable=False),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ck_attempt_ended"),
        sa.CheckConstraint("state IN ('open', 'submitted', 'finalised', 'scored', 'annulled')", name="ck_attempt_state"),
        sa.CheckConstraint("cardinality(answers) = items AND cardinality(revisions) = items AND cardinality(marks) = items", name="ck_attempt_arrays"),
        sa.CheckConstraint("deadline >= started_at", name="ck_attempt_deadline"),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name="fk_attempt_exam_id_exam"),
        sa.ForeignKeyConstraint(["paper_id"], ["paper.id"], name="fk_attempt_paper_id_paper"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_attempt_person_id_person"),
        sa.PrimaryKeyConstraint("id", name="pk_attempt"),
        sa.UniqueConstraint("exam_id", "person_id", "number", name="uq_attempt_exam_id_person_id_number"),
        postgresql_with={"fillfactor": 60},
    )
    op.create_index("ix_attempt_open", "attempt", ["deadline"], unique=False, postgresql_where=sa.text("state = 'open'"))
    op.create_index("ix_attempt_person_id", "attempt", ["person_id"], unique=False)
    op.create_index("ix_attempt_unscored", "attempt", ["id"], unique=False, postgresql_where=sa.text("state IN ('submitted', 'finalised')"))
    op.create_table(
        "deadline_adjustment",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name="fk_deadline_adjustment_attempt_id_attempt"),
        sa.PrimaryKeyConstraint("id", name="pk_deadline_adjustment"),
    )
    op.create_index("ix_deadline_adjustment_attempt_id", "deadline_adjustment", ["attempt_id"], unique=False)
    op.create_table(
        "result",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("of_points", sa.Integer(), nullable=False),
        sa.Column("item_points", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("topics", postgresql.JSONB(), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name="fk_result_attempt_id_attempt"),
        sa.PrimaryKeyConstraint("id", name="pk_result"),
        sa.UniqueConstraint("attempt_id", "version", name="uq_result_attempt_id_version"),
    )
    op.create_table(
        "submission",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("ended_by", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("receipt", sa.String(length=64), nullable=False),
        sa.CheckConstraint("ended_by IN ('learner', 'deadline')", name="ck_submission_ended_by"),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name="fk_submission_attempt_id_attempt"),
        sa.PrimaryKeyConstraint("id", name="pk_submission"),
        sa.UniqueConstraint("attempt_id", "round", name="uq_submission_attempt_id_round"),
    )
    for statement in (TRANSITIONS, FROZEN, SAVE, END, SUBMIT, FINALISE):
        op.execute(statement)


def downgrade() -> None:
    """Refuse: the first migrations are the floor."""
    raise NotImplementedError
