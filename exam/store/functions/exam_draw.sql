CREATE OR REPLACE FUNCTION public.exam_draw(p_requests integer[], p_codes text[], p_people bigint[], p_arrived timestamp with time zone[], p_rate double precision, p_early interval, p_lasts interval, p_late interval)
 RETURNS TABLE(o_request integer, o_since timestamp with time zone, o_turn timestamp with time zone, o_gap bigint, o_squeezed boolean)
 LANGUAGE plpgsql
AS $function$
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
END $function$;
