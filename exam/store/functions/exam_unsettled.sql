CREATE OR REPLACE FUNCTION public.exam_unsettled()
 RETURNS tstzmultirange
 LANGUAGE sql
AS $function$
  SELECT coalesce(range_agg(tstzrange(began_at, ended_at, '()')), '{}') FROM (
    SELECT began_at, ended_at FROM outage WHERE state = 'undecided'
    UNION ALL
    SELECT at, next_at FROM (
      SELECT at, real_at, lead(at) OVER line AS next_at, lead(real_at) OVER line AS next_real FROM app_mark WINDOW line AS (ORDER BY real_at)
    ) AS marks
    WHERE coalesce(next_real, clock_timestamp()) - real_at > interval '20 seconds'
      AND (next_at IS NULL OR next_at > at AND (next_at - at) - (next_real - real_at) BETWEEN interval '-5 seconds' AND interval '5 seconds')
  ) AS gaps
$function$;
