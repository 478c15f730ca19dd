CREATE OR REPLACE FUNCTION public.heartbeat_save(p_people bigint[], p_turns json, p_more boolean)
 RETURNS bigint[]
 LANGUAGE plpgsql
AS $function$
DECLARE
  stored bigint[];
BEGIN
  -- Whoever writes any of these rows holds the account's, always taken in the same order.
  PERFORM FROM playback_account a WHERE a.person_id = ANY(p_people) ORDER BY a.person_id FOR UPDATE;
  -- A statement of its own behind the lock sees what the former holder wrote; who was overtaken by it is left out.
  WITH turns AS MATERIALIZED (
    SELECT n.* FROM json_to_recordset(p_turns) AS n (person_id bigint, activity_id bigint, asset_id bigint, lease_id bigint, login_id bigint,
      account_seen xid, lease_seen xid, watched_seen xid, sequence int, arrived_at timestamptz, claimed int4multirange, gained int4multirange,
      counted_at timestamptz, unspent_ms int, lost_ms bigint, accepted int4multirange, waiting int4multirange, waiting_since timestamptz,
      undelivered int4multirange, resume_ms int, done_at timestamptz, asks boolean, left_ms int, number int, asked_at timestamptz)
    JOIN playback_account a ON a.person_id = n.person_id AND a.xmin = n.account_seen
    JOIN playback_lease l ON l.id = n.lease_id AND l.xmin = n.lease_seen
    JOIN watched w ON w.person_id = n.person_id AND w.activity_id = n.activity_id AND w.asset_id = n.asset_id AND w.xmin = n.watched_seen
    WHERE EXISTS (SELECT FROM login g WHERE g.id = n.login_id AND g.person_id = n.person_id AND g.ended_at IS NULL AND g.ends_at > n.arrived_at)
    AND NOT EXISTS (SELECT FROM beat b WHERE b.lease_id = n.lease_id AND b.sequence = n.sequence)),
  beats AS (INSERT INTO beat (lease_id, sequence, arrived_at, claimed, accepted)
    SELECT lease_id, sequence, arrived_at, claimed, gained FROM turns),
  leases AS (UPDATE playback_lease l SET counted_at = n.counted_at, unspent_ms = n.unspent_ms, lost_ms = n.lost_ms
    FROM turns n WHERE l.id = n.lease_id),
  seconds AS (UPDATE watched w SET accepted = n.accepted, waiting = n.waiting, waiting_since = n.waiting_since, undelivered = n.undelivered,
    resume_ms = n.resume_ms, done_at = n.done_at, updated_at = n.arrived_at
    FROM turns n WHERE w.person_id = n.person_id AND w.activity_id = n.activity_id AND w.asset_id = n.asset_id),
  questions AS (UPDATE playback_account a SET presence_left_ms = n.left_ms, presence_number = n.number, presence_asked_at = n.asked_at
    FROM turns n WHERE n.asks AND a.person_id = n.person_id)
  SELECT array_agg(person_id) INTO stored FROM turns;
  IF p_more AND stored IS NOT NULL THEN
    INSERT INTO refused_span (person_id, activity_id, lease_id, at, reason, provisional, spans)
      SELECT n.person_id, n.activity_id, n.lease_id, n.arrived_at, r.*
      FROM json_to_recordset(p_turns) AS n (person_id bigint, activity_id bigint, lease_id bigint, arrived_at timestamptz, refused json),
        json_to_recordset(n.refused) AS r (reason text, provisional boolean, spans int4multirange)
      WHERE n.person_id = ANY(stored);
    PERFORM procrastinate_defer_jobs_v1(array_agg(ROW('default', n.job, 0, NULL, NULL, jsonb_build_object('person_id', n.person_id, 'activity_id',
        n.activity_id, 'asset_id', n.asset_id), NULL)::procrastinate_job_to_defer_v1))
      FROM json_to_recordset(p_turns) AS n (person_id bigint, activity_id bigint, asset_id bigint, job text)
      WHERE n.job IS NOT NULL AND n.person_id = ANY(stored) HAVING count(*) > 0;
  END IF;
  RETURN stored;
END $function$;
