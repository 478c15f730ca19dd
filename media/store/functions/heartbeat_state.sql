CREATE OR REPLACE FUNCTION public.heartbeat_state(p_leases bigint[], p_logins bigint[], p_sequences integer[], p_now timestamp with time zone)
 RETURNS json
 LANGUAGE plpgsql
 STABLE
AS $function$
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
END $function$;
