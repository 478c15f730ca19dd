-- A season behind everybody: what a teacher's 31 lessons of 45 minutes and one exam of 50 items leave in the tables.
-- Run by the owner in a database of its own, after `measured (person_id)` says who still has her exam before her.
-- The rows are consistent by construction; checking forty million references would only take time.
SET session_replication_role = replica;

INSERT INTO asset (code, title, state, file_name, created_at, updated_at, kind, bytes, length_ms, sha256, reason, progress, tries, mp4, poster, build, captions, renditions)
SELECT 'season-' || n, '第 ' || n || ' 课', state, file_name, created_at, updated_at, kind, bytes, 2700000, sha256, reason, progress, tries, mp4, poster, build, captions, renditions
FROM asset, generate_series(1, 31) n;
INSERT INTO lesson (course_id, position, title, topic, seconds, quiz)
SELECT course_id, position + n, '第 ' || n || ' 课', topic, 2700, false FROM lesson, generate_series(1, 31) n;
INSERT INTO lesson_length (lesson_id, seconds, since)
SELECT l.id, l.seconds, f.since FROM lesson l, lesson_length f WHERE NOT l.quiz;
INSERT INTO activity (lesson_id, programme_code, kind, ref, title, position)
SELECT l.id, c.programme_code, 'video', 'season-' || row_number() OVER (ORDER BY l.id), l.title, 1 FROM lesson l JOIN course c ON c.id = l.course_id WHERE NOT l.quiz;

CREATE TEMP TABLE film AS
SELECT a.lesson_id, a.id AS activity_id, s.id AS asset_id FROM activity a JOIN asset s ON s.code = a.ref WHERE s.code LIKE 'season-%';
CREATE TEMP TABLE learner AS
SELECT id AS enrolment_id, person_id, programme_version_id, enrolled_at + interval '10 days' AS at, row_number() OVER (ORDER BY id) AS number FROM enrolment;
ANALYZE film; ANALYZE learner;

INSERT INTO login (token_hash, person_id, created_at, ends_at, ended_at, device, weak)
SELECT sha256(convert_to(person_id || '-' || n, 'UTF8')), person_id, at + n * interval '1 day', at + n * interval '1 day 8 hours', at + n * interval '1 day 3 hours', 'Chrome', false
FROM generate_series(1, 10) n, learner;
INSERT INTO playback_account (person_id, presence_number) SELECT person_id, 0 FROM learner;
INSERT INTO playback_lease (person_id, login_id, activity_id, asset_id, length_ms, opened_at, rate, done_ms, device, counted_at, unspent_ms, lost_ms, closed_at)
SELECT person_id, 1, activity_id, asset_id, 2700000, at, 1000, 2565000, 'Chrome', at, 0, 0, at + interval '45 minutes' FROM film, learner;
-- Seven reports a lease here; in life a lesson of 45 minutes sends 180.
INSERT INTO beat (lease_id, sequence, arrived_at, claimed, accepted)
SELECT l.id, n, l.opened_at + n * interval '15 seconds', int4multirange(int4range(15000 * n, 15000 * n + 15000)), int4multirange(int4range(15000 * n, 15000 * n + 15000))
FROM playback_lease l, generate_series(0, 6) n;
INSERT INTO delivery (person_id, asset_id, spans, updated_at)
SELECT person_id, asset_id, '{[0,2700000)}', at FROM film, learner;
INSERT INTO watched (person_id, activity_id, asset_id, length_ms, accepted, waiting, undelivered, resume_ms, done_ms, done_at, updated_at)
SELECT person_id, activity_id, asset_id, 2700000, '{[0,2700000)}', '{}', '{}', 2700000, 2565000, at, at FROM film, learner;
INSERT INTO activity_done (person_id, activity_id, seconds, evidence, done_at)
SELECT person_id, activity_id, 2700, 'watched:' || person_id || '/' || activity_id || '/' || asset_id, at FROM film, learner;
INSERT INTO lesson_state (person_id, lesson_id, state, changed_at) SELECT person_id, lesson_id, 'credited', at FROM film, learner;
INSERT INTO hours_entry (enrolment_id, kind, lesson_id, seconds, lessons, evidence, programme_version_id, entered_at)
SELECT enrolment_id, 'online', lesson_id, 2700, 1, 'watched:' || person_id || '/' || activity_id || '/' || asset_id, programme_version_id, at FROM film, learner;
UPDATE learner_progress SET online_seconds = 31 * 2700, online_lessons = 31;

CREATE TEMP TABLE pattern AS SELECT * FROM paper ORDER BY id LIMIT 1;
CREATE TEMP TABLE candidate AS SELECT * FROM learner WHERE person_id NOT IN (SELECT person_id FROM measured);
INSERT INTO paper (exam_id, assembly_id, number, version_ids, orders, expected, hash, taken_at)
SELECT exam_id, assembly_id, 1000000 + c.number, version_ids, orders, expected, hash, c.at FROM pattern, candidate c;
INSERT INTO attempt (exam_id, person_id, number, paper_id, state, started_at, base_deadline, deadline, percent, items, epoch, resumes, device, led_since, answers, revisions, marks,
  late, reopened, ended_at)
SELECT p.exam_id, c.person_id, 1, p.id, 'scored', c.at, c.at + interval '90 minutes', c.at + interval '90 minutes', 100, cardinality(p.version_ids), 1, 1,
  '0123456789abcdef', c.at, array_fill('1'::varchar, ARRAY[cardinality(p.version_ids)]), array_fill(1, ARRAY[cardinality(p.version_ids)]),
  array_fill(false, ARRAY[cardinality(p.version_ids)]), 0, 0, c.at + interval '50 minutes'
FROM paper p JOIN candidate c ON p.number = 1000000 + c.number;
INSERT INTO response_event (attempt_id, position, client_seq, expected, revision, value, marked, outcome, late, arrived_at, stored_at, login_id, epoch, hash)
SELECT a.id, n, n, 0, 1, '1', false, 'saved', false, a.started_at + n * interval '1 minute', a.started_at + n * interval '1 minute', 1, 1, sha256(int8send(a.id * 100 + n))
FROM attempt a, generate_series(1, a.items) n;
INSERT INTO submission (attempt_id, round, ended_by, key, body_hash, submitted_at, answered, receipt)
SELECT id, 0, 'learner', md5(id::text), md5(id::text), ended_at, items, md5(id::text) FROM attempt;
INSERT INTO result (attempt_id, version, points, of_points, item_points, topics, rule, reason, at)
SELECT id, 1, 8000, 10000, array_fill(160, ARRAY[items]), '[]', 2, 'first', ended_at FROM attempt;

SET session_replication_role = origin;
