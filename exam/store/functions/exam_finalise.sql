CREATE OR REPLACE FUNCTION public.exam_finalise(p_attempts bigint[], p_now timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
DECLARE
  a attempt%ROWTYPE;
BEGIN
  FOR a IN SELECT * FROM attempt WHERE id = ANY (p_attempts) AND state = 'open' ORDER BY id FOR UPDATE LOOP
    PERFORM exam_end(a, 'deadline', 'sweeper', '', p_now);
  END LOOP;
END $function$;
