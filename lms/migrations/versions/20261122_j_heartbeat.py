"""The heartbeat's two functions, and room in its rows' pages so that an update touches no index."""

from alembic import op

revision = "20261122_j_heartbeat"
down_revision = "20261122_k_reminder"

# One plan for good, by the primary keys alone: a batch is small whatever the tables hold.
PLAN = ("plan_cache_mode = force_generic_plan", "enable_hashjoin = off", "enable_mergejoin = off", "enable_seqscan = off")

STATE = """
CREATE FUNCTION heartbeat_state(p_leases bigint[], p_logins bigint[], p_sequences int[], p_now timestamptz) RETURNS json
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT json_agg(json_build_array(
    l.id, a.xmin, l.xmin, w.xmin,
    EXISTS (SELECT FROM login g WHERE g.id = r.login_id AND g.person_id = l.person_id AND g.ended_at IS NULL AND g.ends_at > p_now),
    EXISTS (SELECT FROM beat b WHERE b.lease_id = r.lease_id AND b.sequence = r.sequence),
    a.lease_id, a.presence_left_ms, a.presence_number, a.presence_asked_at,
    l.counted_at, l.unspent_ms, l.lost_ms, l.closed_at,
    w.accepted, w.waiting, w.waiting_since, w.undelivered, w.resume_ms, w.done_at,
    d.spans, EXISTS (SELECT FROM delivery_gap g WHERE g.until_at >= l.opened_at)))
    FROM unnest(p_leases, p_logins, p_sequences) AS r (lease_id, login_id, sequence) JOIN playback_lease l ON l.id = r.lease_id
    JOIN watched w USING (person_id, activity_id, asset_id) JOIN playback_account a USING (person_id)
    LEFT JOIN delivery d USING (person_id, asset_id));
END $$;
"""

SAVE = """
CREATE FUNCTION heartbeat_save(p_people bigint[], p_turns json) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
  stored bigint[];
  jobs procrastinate_job_to_defer_v1[];
BEGIN
  -- Whoever writes any of these rows holds the account's, always taken in the same order.
  PERFORM FROM playback_account a WHERE a.person_id = ANY(p_people) ORDER BY a.person_id FOR UPDATE;
  -- A statement of its own behind the lock sees what the former holder wrote; who was overtaken by it is left out.
  WITH turns AS MATERIALIZED (
    SELECT n.* FROM json_to_recordset(p_turns) AS n (person_id bigint, activity_id bigint, asset_id bigint, lease_id bigint, login_id bigint,
      account_seen xid, lease_seen xid, watched_seen xid, sequence int, arrived_at timestamptz, claimed int4multirange, gained int4multirange,
      counted_at timestamptz, unspent_ms int, lost_ms bigint, accepted int4multirange, waiting int4multirange, waiting_since timestamptz,
      undelivered int4multirange, resume_ms int, done_at timestamptz, job text, asks boolean, left_ms int, number int, asked_at timestamptz,
      refused json)
    JOIN playback_account a ON a.person_id = n.person_id AND a.xmin = n.account_seen
    JOIN playback_lease l ON l.id = n.lease_id AND l.xmin = n.lease_seen
    JOIN watched w ON w.person_id = n.person_id AND w.activity_id = n.activity_id AND w.asset_id = n.asset_id AND w.xmin = n.watched_seen
    WHERE EXISTS (SELECT FROM login g WHERE g.id = n.login_id AND g.person_id = n.person_id AND g.ended_at IS NULL AND g.ends_at > n.arrived_at)
    AND NOT EXISTS (SELECT FROM beat b WHERE b.lease_id = n.lease_id AND b.sequence = n.sequence)),
  beats AS (INSERT INTO beat (lease_id, sequence, arrived_at, claimed, accepted)
    SELECT lease_id, sequence, arrived_at, claimed, gained FROM turns),
  refusals AS (INSERT INTO refused_span (person_id, activity_id, lease_id, at, reason, provisional, spans)
    SELECT person_id, activity_id, lease_id, arrived_at, r.* FROM turns, json_to_recordset(turns.refused)
      AS r (reason text, provisional boolean, spans int4multirange)),
  leases AS (UPDATE playback_lease l SET counted_at = n.counted_at, unspent_ms = n.unspent_ms, lost_ms = n.lost_ms
    FROM turns n WHERE l.id = n.lease_id),
  seconds AS (UPDATE watched w SET accepted = n.accepted, waiting = n.waiting, waiting_since = n.waiting_since, undelivered = n.undelivered,
    resume_ms = n.resume_ms, done_at = n.done_at, updated_at = n.arrived_at
    FROM turns n WHERE w.person_id = n.person_id AND w.activity_id = n.activity_id AND w.asset_id = n.asset_id),
  questions AS (UPDATE playback_account a SET presence_left_ms = n.left_ms, presence_number = n.number, presence_asked_at = n.asked_at
    FROM turns n WHERE n.asks AND a.person_id = n.person_id)
  SELECT array_agg(person_id), array_agg(ROW('default', job, 0, NULL, NULL, jsonb_build_object('person_id', person_id, 'activity_id',
    activity_id, 'asset_id', asset_id), NULL)::procrastinate_job_to_defer_v1) FILTER (WHERE job IS NOT NULL)
    INTO stored, jobs FROM turns;
  IF jobs IS NOT NULL THEN
    PERFORM procrastinate_defer_jobs_v1(jobs);
  END IF;
  RETURN stored;
END $$;
"""


def upgrade() -> None:
    """Create the functions."""
    for table in ("playback_account", "playback_lease", "watched"):
        op.execute(f"ALTER TABLE {table} SET (fillfactor = 70)")
    op.execute(STATE)
    op.execute(SAVE)
    for function in ("heartbeat_state", "heartbeat_save"):
        for setting in PLAN:
            op.execute(f"ALTER FUNCTION {function} SET {setting}")


def downgrade() -> None:
    """Refuse: the first migrations are the floor."""
    raise NotImplementedError
