"""What each finding before the bell means."""

from dataclasses import replace
from datetime import timedelta

import pytest

from exam.domain import preflight as rules
from exam.domain.preflight import Findings, Light
from tests.conftest import NOON

SOUND = Findings(
    browser_keys=1, address="https://exam.example.cn", expected=1_000, unconfirmed=0, accommodated=3, kept_back=0,
    papers=1_100, papers_free=1_100, beyond={}, retired=0, keys_open=False, key_readers=0, rate=30, disk_free=500 * rules.GIGABYTE, unsafe_settings=(),
    newest_schema=True, clocks_apart=timedelta(0), rehearsed=timedelta(0), serving_for=timedelta(seconds=3), worker_for=timedelta(seconds=3), jobs_late=0,
    jobs_failed=0, outages_undecided=0, archived_at=NOON, archiving=True, archive_failing=False, standbys=1, tested_at=NOON, test_passed=True,
    test_title="线上测试", test_scale=1.2, items=50, restored=NOON,
)  # fmt: skip
RED = {
    "papers": 0, "papers_free": 999, "unsafe_settings": ("fsync",), "newest_schema": False, "disk_free": rules.GIGABYTE, "clocks_apart": timedelta(seconds=-3),
    "serving_for": None, "worker_for": timedelta(minutes=5), "outages_undecided": 1, "archive_failing": True, "test_passed": False,
}  # fmt: skip
AMBER = {
    "address": "http://127.0.0.1:8000",
    "unconfirmed": 40, "key_readers": 1, "kept_back": 1,
    "retired": 2, "keys_open": True, "rate": 0.5, "disk_free": 5 * rules.GIGABYTE, "rehearsed": timedelta(days=1), "jobs_late": 1, "jobs_failed": 1,
    "beyond": {"exposure": 50}, "items": 1_640_000, "archiving": False, "restored": None,
    "archived_at": NOON - timedelta(days=2), "tested_at": None, "test_scale": 0.002,
}  # fmt: skip


def lights(**changes: object) -> list[tuple[str, Light]]:
    """Return every line's light when something is not as it should be."""
    return [(one.title, one.light) for one in rules.judged(replace(SOUND, **changes), NOON)]  # type: ignore[arg-type]


def test_a_sound_exam_is_green() -> None:
    assert {light for _title, light in lights()} == {Light.GREEN}


@pytest.mark.parametrize(("light", "name"), [(Light.RED, name) for name in RED] + [(Light.AMBER, name) for name in AMBER])
def test_each_fault_changes_one_line_and_the_whole(light: Light, name: str) -> None:
    found = lights(**{name: (RED if light is Light.RED else AMBER)[name]})
    assert [one for _title, one in found if one is not Light.GREEN] == [light]
    assert rules.worst(rules.judged(replace(SOUND, **{name: (RED if light is Light.RED else AMBER)[name]}), NOON)) is light  # type: ignore[arg-type]


def test_every_sentence_takes_its_facts() -> None:
    for changes in (dict[str, object](), *({name: value} for name, value in (RED | AMBER).items())):
        for check in rules.judged(replace(SOUND, **changes), NOON):  # type: ignore[arg-type]
            assert check.words % check.facts
