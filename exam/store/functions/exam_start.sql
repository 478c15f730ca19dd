CREATE OR REPLACE FUNCTION public.exam_start(p_rows json, p_rate double precision, p_early interval, p_lasts interval, p_late interval)
 RETURNS TABLE(o_request integer, o_since timestamp with time zone, o_turn timestamp with time zone, o_gap bigint, o_squeezed boolean, o_exam bigint, o_title text, o_attempt bigint, o_count integer, o_deadline timestamp with time zone, o_paper bigint, o_assembly bigint, o_number integer, o_versions bigint[], o_orders bytea, o_expected integer, o_hash text)
 LANGUAGE plpgsql
AS $function$
DECLARE
  r record;
  e exam%ROWTYPE;
  p paper%ROWTYPE;
  open boolean;
  used boolean;
  may boolean;
  percent int;
  ended timestamptz;
  past bigint[];
BEGIN
  -- In one order, so that two batches never wait for each other crosswise.
  FOR r IN
    WITH line AS MATERIALIZED (
      SELECT * FROM json_to_recordset(p_rows) AS t(request int, exam text, person_id bigint, login_id bigint, device text, learned boolean,
        slowly boolean, locked boolean, arrived timestamptz, asks boolean, since timestamptz, turn timestamptz, gap bigint, squeezed boolean)
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
      -- An entry from before the exam asked for a browser, or while it was lifted for her: who may still come without is asked the slower way.
      EXIT entry WHEN NOT r.locked AND coalesce(e.settings->'config_keys', '[]') || coalesce(e.settings->'browser_exam_keys', '[]') <> '[]';
      EXIT entry WHEN (e.settings->>'asks_identity')::boolean AND NOT EXISTS
        (SELECT FROM exam_identity i WHERE i.exam_id = e.id AND i.person_id = r.person_id AND i.state = 'confirmed');
      EXIT entry WHEN e.window_rule = 'finish_by' AND r.arrived >= e.closes - interval '60 seconds';
      EXIT entry WHEN NOT pg_try_advisory_xact_lock(hashtextextended('attempt:' || e.id, r.person_id));
      SELECT coalesce(max(a.number), 0) + 1, coalesce(bool_or(a.state = 'open'), false), max(a.ended_at),
          coalesce(bool_or(o_since <= a.started_at AND a.started_at <= r.arrived AND o_since < r.arrived), false),
          coalesce((SELECT x.percent FROM exam_accommodation x WHERE x.exam_id = e.id AND x.person_id = r.person_id), 100),
          EXISTS (SELECT FROM enrolment n JOIN learner_progress g ON g.enrolment_id = n.id
            WHERE n.person_id = r.person_id AND n.programme_code = e.programme_code)
          AND EXISTS (SELECT FROM login l JOIN person h ON h.id = l.person_id
            WHERE l.id = r.login_id AND l.person_id = r.person_id AND l.ended_at IS NULL AND l.ends_at > r.arrived AND h.active)
        INTO o_count, open, ended, used, percent, may FROM attempt a WHERE a.exam_id = e.id AND a.person_id = r.person_id;
      EXIT entry WHEN open OR used OR NOT may OR o_count > e.attempts OR r.arrived < e.wait_days * interval '24 hours' + ended;
      -- Papers that were taken leave dead lines at the beginning of the index until it is vacuumed. This link goes on behind the last paper it took,
      -- and begins anew where none is left there: what others had locked then may have come back.
      past := coalesce(nullif(current_setting('lms.past_paper_' || e.id, true), ''), '{0,0}');
      LOOP
        UPDATE paper SET taken_at = r.arrived WHERE id = (SELECT f.id FROM paper f WHERE f.exam_id = e.id AND f.taken_at IS NULL
          AND (f.assembly_id, f.number) > (past[1], past[2]) ORDER BY f.assembly_id, f.number LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING * INTO p;
        EXIT WHEN FOUND OR past[1] = 0;
        past := '{0,0}';
      END LOOP;
      EXIT entry WHEN p.id IS NULL;
      PERFORM set_config('lms.past_paper_' || e.id, format('{%s,%s}', p.assembly_id, p.number), false);
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
END $function$;
