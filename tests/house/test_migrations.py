"""One line of migrations, equal to the tables as declared, and rights that fit."""

import psycopg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import text

from lms.kernel import db, migrate
from lms.kernel.db import Base
from lms.kernel.migration_draft import missing
from lms.kernel.settings import Settings
from tests.support import database


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory.from_config(migrate.config()).get_heads()) == 1


def test_migrations_and_tables_agree(settings: Settings) -> None:
    engine = migrate.owner_engine(settings.database_url)
    try:
        assert missing(engine, set()) == ""
    finally:
        engine.dispose()


def test_the_database_has_the_functions_as_their_files_say(settings: Settings) -> None:
    engine = migrate.owner_engine(settings.database_url)
    try:
        with engine.connect() as link:
            found = migrate.functions(link)
    finally:
        engine.dispose()
    written = {name: path.read_text(encoding="utf-8") for name, path in migrate.function_files().items()}
    assert written == found, "`python -m lms.kernel.migration_draft --functions` writes them as PostgreSQL prints them"


def test_a_function_whose_text_differs_is_made_anew_with_its_triggers(settings: Settings) -> None:
    url = database.clone(settings.database_url, "other_functions")
    engine = migrate.owner_engine(url)
    try:
        assert migrate.is_newest(url)
        with engine.begin() as link:
            before = migrate.functions(link)
            link.execute(text("DROP FUNCTION attempt_transition CASCADE"))
            link.execute(text("DROP FUNCTION exam_unsettled"))
            link.execute(text("CREATE FUNCTION exam_unsettled(integer) RETURNS boolean LANGUAGE sql AS 'SELECT true'"))
            link.execute(text("ALTER FUNCTION frozen_columns() COST 200"))
        assert not migrate.is_newest(url)
        migrate.upgrade(url)
        assert migrate.is_newest(url)
        with engine.connect() as link:
            assert migrate.functions(link) == before
            assert link.scalar(text("SELECT has_function_privilege('lms_app', 'exam_unsettled()', 'EXECUTE')"))
    finally:
        engine.dispose()


def test_of_archives_asked_for_twice_one_goes_on(settings: Settings) -> None:
    url = database.clone(settings.database_url, "older_archives")
    engine = migrate.owner_engine(url)
    try:
        with engine.begin() as link:
            link.execute(text("SET LOCAL session_replication_role = replica"))  # rows without their exam and their people
            link.execute(text("DROP INDEX uq_exam_archive_waiting"))
            link.execute(text("ALTER TABLE exam_archive DROP COLUMN keys"))
            link.execute(
                text(
                    "INSERT INTO exam_archive (exam_id, asked_by, reason, people, state, asked_at, done, size, sha256) SELECT 1, who, 'r', 1, state, now(),"
                    " 0, 0, '' FROM (VALUES (7, 'ready'), (7, 'asked'), (7, 'queued'), (7, 'queued'), (8, 'asked'), (8, 'asked')) made (who, state)"
                )
            )
            link.execute(text("UPDATE alembic_version SET version_num = '20261123_d_results'"))
            command.upgrade(migrate.config(link), "20261123_e_archives")
        with engine.connect() as link:
            found = link.execute(text("SELECT state, keys FROM exam_archive ORDER BY id")).all()
    finally:
        engine.dispose()
    assert [row.state for row in found] == ["ready", "cancelled", "queued", "cancelled", "asked", "cancelled"]
    assert [row.keys for row in found] == [True, False, False, False, False, False]


def test_of_proposed_regrades_that_wait_for_their_figures_the_first_stays(settings: Settings) -> None:
    url = database.clone(settings.database_url, "older_previews")
    engine = migrate.owner_engine(url)
    try:
        with engine.begin() as link:
            link.execute(text("SET LOCAL session_replication_role = replica"))
            link.execute(text("DROP INDEX uq_regrade_unseen"))
            link.execute(
                text(
                    "INSERT INTO regrade (exam_id, item, version_ids, effect, options, blanks, reason, proposed_by, proposed_at, state, preview, digest)"
                    " SELECT 1, 'i', '{}', 'full', '{}', '[]', 'r', who, now(), 'proposed', CASE WHEN seen THEN '{}'::jsonb END, CASE WHEN seen THEN 'd' END"
                    " FROM (VALUES (7, true), (7, false), (7, false), (8, false), (NULL, false), (NULL, false)) made (who, seen)"
                )
            )
            link.execute(text("UPDATE alembic_version SET version_num = '20261123_f_rests'"))
            command.upgrade(migrate.config(link), "20261123_g_previews")
        with engine.connect() as link:
            found = link.scalars(text("SELECT state FROM regrade ORDER BY id")).all()
    finally:
        engine.dispose()
    assert found == ["proposed", "proposed", "withdrawn", "proposed", "proposed", "proposed"]


def test_names_that_the_older_chain_left_are_mended(settings: Settings) -> None:
    url = database.clone(settings.database_url, "older_names")
    engine = migrate.owner_engine(url)
    names = text("SELECT conname FROM pg_constraint WHERE conrelid = 'exam_gate'::regclass OR conrelid = 'attempt'::regclass ORDER BY conname")
    try:
        with engine.begin() as link:
            before = link.scalars(names).all()
            checks = [name for name in before if name.startswith("ck_attempt_")]
            assert checks
            for name in checks:
                link.execute(text(f"ALTER TABLE attempt RENAME CONSTRAINT {name} TO ck_attempt_{name}"))
            link.execute(text("CREATE SEQUENCE exam_gate_exam_id_seq"))
            link.execute(text("ALTER TABLE exam_gate ALTER COLUMN exam_id SET DEFAULT nextval('exam_gate_exam_id_seq')"))
            link.execute(text("UPDATE alembic_version SET version_num = '20261122_ao_replay'"))
            command.upgrade(migrate.config(link), "20261123_a_names")
        with engine.connect() as link:
            assert link.scalars(names).all() == before
            assert link.scalar(text("SELECT to_regclass('exam_gate_exam_id_seq')")) is None
    finally:
        engine.dispose()


def test_a_database_of_another_version_is_told_what_to_do(settings: Settings) -> None:
    url = database.clone(settings.database_url, "other_version")
    engine = migrate.owner_engine(url)
    try:
        with engine.begin() as link:
            link.execute(text("UPDATE alembic_version SET version_num = '20261122_an_twin_row'"))
    finally:
        engine.dispose()
    assert not migrate.is_newest(url)
    with pytest.raises(migrate.UnknownRevision, match=r"20261122_an_twin_row.*make clean"):
        migrate.upgrade(url)


def test_the_app_role_cannot_change_what_is_append_only(app: object, settings: Settings) -> None:
    tables = [table.name for table in Base.metadata.sorted_tables if table.info.get("append_only")]
    assert "audit_entry" in tables
    with db.connection() as link:
        for table in tables:
            for statement in (f'UPDATE "{table}" SET {Base.metadata.tables[table].columns.keys()[0]} = NULL', f'DELETE FROM "{table}"'):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    link.execute(statement)
