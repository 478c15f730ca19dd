CREATE OR REPLACE FUNCTION public.exam_end(a attempt, p_by text, p_key text, p_body_hash text, p_at timestamp with time zone)
 RETURNS submission
 LANGUAGE plpgsql
AS $function$
DECLARE
  s submission%ROWTYPE;
BEGIN
  INSERT INTO submission (attempt_id, round, ended_by, key, body_hash, submitted_at, answered, receipt)
    SELECT a.id, a.reopened, p_by, p_key, p_body_hash, p_at,
      (SELECT count(*) FROM unnest(a.answers) AS given WHERE given <> ''),
      upper(left(encode(sha256(convert_to(a.id || '|' || a.reopened || '|' || p.hash || '|' || array_to_string(a.answers, ';', '-') || '|'
        || array_to_string(a.revisions, ','), 'UTF8')), 'hex'), 16))
    FROM paper p WHERE p.id = a.paper_id
    RETURNING * INTO STRICT s;
  UPDATE attempt SET state = CASE p_by WHEN 'learner' THEN 'submitted' ELSE 'finalised' END, ended_at = p_at WHERE id = a.id;
  RETURN s;
END $function$;
