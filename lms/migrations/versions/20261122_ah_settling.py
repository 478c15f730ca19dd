"""While an outage is not settled, the bell that rang in it ends nothing: hand-ins and answers behind the deadline are asked to come again.

Nor does a bell end anything that rings by an old deadline, because its page has not heard yet of time that was given. And what such a bell has ended after all may be opened again, scored or not.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_ah_settling"
down_revision = "20261122_ag_import_line"

# The times in which nobody could save, as far as they are not settled: gaps between the app's marks, the silence that lasts, outages
# that wait for a decision. The spans are those of exam/domain/outage.py.
UNSETTLED = """
CREATE FUNCTION exam_unsettled() RETURNS tstzmultirange LANGUAGE sql VOLATILE AS $$
  SELECT coalesce(range_agg(tstzrange(began_at, ended_at, '()')), '{}') FROM (
    SELECT began_at, ended_at FROM outage WHERE state = 'undecided'
    UNION ALL
    SELECT at, next_at FROM (
      SELECT at, real_at, lead(at) OVER line AS next_at, lead(real_at) OVER line AS next_real FROM app_mark WINDOW line AS (ORDER BY real_at)
    ) AS marks
    WHERE coalesce(next_real, clock_timestamp()) - real_at > interval '20 seconds'
      AND (next_at IS NULL OR next_at > at AND (next_at - at) - (next_real - real_at) BETWEEN interval '-5 seconds' AND interval '5 seconds')
  ) AS gaps
$$;
"""
TRANSITION_BEFORE = "OLD.state IN ('submitted', 'finalised') AND NEW.state = 'open'"
TRANSITION = "OLD.state IN ('submitted', 'finalised', 'scored') AND NEW.state = 'open'"
SUBMIT_ROW = "key text, body_hash text)\n"
SUBMIT_TAKES = "key text, body_hash text, bell boolean)\n"
# Asked at most once in a call, and only where somebody comes behind her deadline.
SUBMIT_FIND = "      SELECT * INTO s FROM submission WHERE attempt_id = a.id AND round = a.reopened;\n"
SUBMIT_ASK = """      IF r.arrived > a.deadline THEN
        unsettled := coalesce(unsettled, exam_unsettled());
      END IF;
"""
SUBMIT_PLACE = "      ELSE\n        s := exam_end("
SUBMIT_SAYS = """      ELSIF r.bell AND r.arrived <= a.deadline THEN
        o_status := 'time_left';
      ELSIF r.arrived > a.deadline AND unsettled && tstzrange(a.started_at, a.deadline) THEN
        o_status := 'settling';
"""
SAVE_PLACE = "    o_late := r.arrived > a.deadline;\n"
SAVE_SAYS = """    IF a.ended_at IS NULL AND r.arrived > a.deadline + interval '60 seconds' THEN
      unsettled := coalesce(unsettled, exam_unsettled());
      IF unsettled && tstzrange(a.started_at, a.deadline) THEN
        o_status := 'settling';
        RETURN NEXT;
        CONTINUE;
      END IF;
    END IF;
"""
DECLARE = "  a attempt%ROWTYPE;\n"
DECLARES = "  unsettled tstzmultirange;\n"


def upgrade() -> None:
    """Amend what is there."""
    op.execute(UNSETTLED)
    _amend("attempt_transition()", TRANSITION_BEFORE, TRANSITION)
    for function in ("exam_submit(json)", "exam_save(json)"):
        _amend(function, DECLARE, DECLARE + DECLARES)
    _amend("exam_submit(json)", SUBMIT_ROW, SUBMIT_TAKES)
    _amend("exam_submit(json)", SUBMIT_FIND, SUBMIT_ASK + SUBMIT_FIND)
    _amend("exam_submit(json)", SUBMIT_PLACE, SUBMIT_SAYS + SUBMIT_PLACE)
    _amend("exam_save(json)", SAVE_PLACE, SAVE_SAYS + SAVE_PLACE)


def downgrade() -> None:
    """Put back what was there."""
    _amend("exam_save(json)", SAVE_SAYS, "")
    _amend("exam_submit(json)", SUBMIT_SAYS, "")
    _amend("exam_submit(json)", SUBMIT_ASK, "")
    _amend("exam_submit(json)", SUBMIT_TAKES, SUBMIT_ROW)
    for function in ("exam_submit(json)", "exam_save(json)"):
        _amend(function, DECLARES, "")
    _amend("attempt_transition()", TRANSITION, TRANSITION_BEFORE)
    op.execute("DROP FUNCTION exam_unsettled()")


def _amend(function: str, place: str, words: str) -> None:
    """Replace one place of a stored function."""
    link = op.get_bind()
    body = link.scalar(sa.text("SELECT pg_get_functiondef(CAST(:function AS regprocedure))"), {"function": function})
    if body.count(place) != 1:
        raise ValueError(f"{function} is not as expected")
    link.exec_driver_sql(body.replace(place, words).replace("%", "%%"))
