CREATE OR REPLACE FUNCTION public.exam_save(p_rows json)
 RETURNS TABLE(o_request integer, o_position integer, o_seq bigint, o_status text, o_revision integer, o_value text, o_marked boolean, o_late boolean, o_deadline timestamp with time zone)
 LANGUAGE plpgsql
AS $function$
DECLARE
  r record;
  a attempt%ROWTYPE;
  unsettled tstzmultirange;
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
    IF a.ended_at IS NULL AND a.paused_at < r.arrived THEN
      o_status := 'paused';
      RETURN NEXT;
      CONTINUE;
    END IF;
    IF a.ended_at IS NULL AND r.arrived > a.deadline + interval '60 seconds' THEN
      unsettled := coalesce(unsettled, exam_unsettled());
      IF unsettled && tstzrange(a.started_at, a.deadline) THEN
        o_status := 'settling';
        RETURN NEXT;
        CONTINUE;
      END IF;
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
END $function$;
