CREATE OR REPLACE FUNCTION public.exam_submit(p_rows json)
 RETURNS TABLE(o_request integer, o_status text, o_by text, o_at timestamp with time zone, o_answered integer, o_receipt text)
 LANGUAGE plpgsql
AS $function$
DECLARE
  r record;
  a attempt%ROWTYPE;
  unsettled tstzmultirange;
  s submission%ROWTYPE;
BEGIN
  FOR r IN
    SELECT t.*, row_number() OVER () AS n FROM json_to_recordset(p_rows) AS t(request int, attempt_id bigint, person_id bigint,
      login_id bigint, epoch int, arrived timestamptz, key text, body_hash text, bell boolean)
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
      IF r.arrived > a.deadline THEN
        unsettled := coalesce(unsettled, exam_unsettled());
      END IF;
      SELECT * INTO s FROM submission WHERE attempt_id = a.id AND round = a.reopened;
      IF FOUND AND s.key = r.key AND s.body_hash <> r.body_hash THEN
        o_status := 'key_reused';
      ELSIF FOUND THEN
        o_status := 'done';
      ELSIF a.state <> 'open' THEN
        o_status := 'closed';
      ELSIF a.paused_at < r.arrived THEN
        o_status := 'paused';
      ELSIF r.epoch <> a.epoch THEN
        o_status := 'other_device';
      ELSIF r.bell AND r.arrived <= a.deadline THEN
        o_status := 'time_left';
      ELSIF r.arrived > a.deadline AND unsettled && tstzrange(a.started_at, a.deadline) THEN
        o_status := 'settling';
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
END $function$;
