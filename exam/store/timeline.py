"""Everything known of one attempt, as events."""

from sqlalchemy import text

from exam.domain.timeline import Event
from lms.kernel.db import Session

_EVENTS = text(
    """
    SELECT a.started_at AS at, 'started' AS kind, NULL::int AS position, '' AS value, '' AS outcome, NULL::int AS seconds, NULL::int AS revision,
      NULL::timestamptz AS stored_at, NULL::bigint AS login_id, a.device, 1 AS epoch, '' AS words, p.hash AS digest
      FROM attempt a JOIN paper p ON p.id = a.paper_id WHERE a.id = :id
    UNION ALL SELECT e.arrived_at, 'save', e.position, e.value,
      CASE WHEN e.client_seq < 0 THEN 'packet' WHEN e.late THEN e.outcome || '_late' ELSE e.outcome END, NULL, e.revision, e.stored_at,
      CASE WHEN e.client_seq >= 0 THEN e.login_id END, coalesce(l.device, ''), e.epoch, '', encode(e.hash, 'hex')
      FROM response_event e LEFT JOIN login l ON l.id = e.login_id WHERE e.attempt_id = :id
    UNION ALL SELECT d.at, 'time', NULL, '', d.kind, d.seconds, NULL, NULL, NULL, '', NULL, d.reason, '' FROM deadline_adjustment d WHERE d.attempt_id = :id
    UNION ALL SELECT h.began_at, CASE WHEN h.most_seconds IS NULL THEN 'pause' ELSE 'rest' END, NULL, '', '',
      extract(epoch FROM h.ended_at - h.began_at)::int, NULL, NULL, NULL, '', NULL, h.reason, ''
      FROM attempt_pause h WHERE h.attempt_id = :id
    UNION ALL SELECT n.at, 'address', NULL, '', '', NULL, NULL, NULL, NULL, '', NULL, '', n.address FROM attempt_address n WHERE n.attempt_id = :id
    UNION ALL SELECT s.submitted_at, 'ended', NULL, '', s.ended_by, NULL, NULL, NULL, NULL, '', NULL, s.answered::text, s.receipt
      FROM submission s WHERE s.attempt_id = :id
    UNION ALL SELECT r.at, 'scored', NULL, '', r.reason, NULL, r.version, NULL, NULL, '', NULL, '', '' FROM result r WHERE r.attempt_id = :id
    UNION ALL SELECT v.at, 'viewed', NULL, '', '', NULL, NULL, NULL, NULL, '', NULL, '', '' FROM result_view v WHERE v.attempt_id = :id
    UNION ALL SELECT w.at, split_part(w.action, '.', 2), NULL, '', '', NULL, NULL, NULL, NULL,
      coalesce(w.detail ->> 'took', ''), (w.detail ->> 'epoch')::int, coalesce(w.detail ->> 'reason', ''), ''
      FROM audit_entry w WHERE w.subject = 'attempt:' || :id
      AND w.action IN ('attempt.takeover', 'attempt.reopen', 'exam.annul', 'exam.annulled', 'exam.annul_dropped',
        'packet.receive', 'packet.approve', 'packet.refuse')
    """
)


def events(session: Session, attempt_id: int) -> list[Event]:
    """Return what is known of an attempt, in no order."""
    return [Event(**row) for row in session.execute(_EVENTS, {"id": attempt_id}).mappings()]
