"""Watching the real window: what is counted, and when somebody is called."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from prometheus_client import REGISTRY

from lms.domain.limits import Limits
from lms.domain.outlook import outlook
from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from lms.services import forecast as forecasts
from lms.services import limits
from lms.services import load as service
from lms.store import load as store
from lms.store import signing_in
from tests.conftest import NOON
from tests.support import learning, watching
from tests.support.cast import LIN, OU, SAM, enter, id_of

QUARTER = timedelta(minutes=15)
GRAFANA = Path("docs/grafana")


@pytest.fixture(autouse=True)
def few_cases(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(forecasts, "_CASES", 30)
    monkeypatch.setattr(forecasts, "MEASURED", tmp_path / "bench.json")


def test_who_watches_is_counted_in_her_city_once_a_quarter_and_shown(app: Flask, clock: FixedClock) -> None:
    (video,) = watching.videos()
    service.observe(NOON)
    with transaction() as session:
        assert [one.people for one in store.between(session, learning.CODE, "watching", NOON, NOON + QUARTER)] == [0]
        for number in range(3):  # one in the quarter, one at its end, one a quarter earlier
            at = NOON + timedelta(minutes=(5, 15, -1)[number])
            signing_in.add(session, token_hash=b"%d" % number, person_id=id_of(LIN), device="", now=at, ends_at=at)
    player = watching.Player(app, clock)
    clock.advance(seconds=QUARTER.total_seconds())
    player.play(player.open(video)["lease"], 0, 15)
    service.observe(NOON + QUARTER + timedelta(seconds=20))
    service.observe(NOON + QUARTER + timedelta(minutes=14))  # a second run of the same quarter changes nothing
    with transaction() as session:
        seen = store.between(session, learning.CODE, "watching", NOON, NOON + 2 * QUARTER)
    assert [(one.city, one.at, one.people) for one in seen] == [(learning.CITY, NOON, 0), (learning.CITY, NOON + QUARTER, 1)]
    live = service.live(learning.CODE, NOON + QUARTER)
    assert [one for one in live.sign_ins if one is not None] == [0, 1]
    assert live.forecast.stretch.code == "w2"
    uptake = live.outlook.behaviour.figures["uptake"]
    assert (uptake.low, uptake.value, uptake.high) == (1, 1, 1), "the enrolled have taken their seats"
    assert forecasts.view(learning.CODE, NOON)[1].behaviour.figures["uptake"].low < 1
    assert [one for one in live.total if one is not None] == [0, 1]
    labels = {"programme": learning.CODE, "metric": "watching", "city": learning.CITY}
    assert REGISTRY.get_sample_value("lms_load_people", labels) == 1
    bounds = [REGISTRY.get_sample_value("lms_load_expected", {**labels, "bound": bound}) for bound in ("low", "median", "high")]
    assert None not in bounds
    assert bounds == sorted(bounds)  # type: ignore[type-var]
    page = enter(app, OU).get(f"/manage/programmes/{learning.CODE}/load").get_data(as_text=True)
    assert page.count('class="load-seen"') >= 2
    assert re.search(r"上一刻钟登录.{0,200}?\b1\b", page, re.DOTALL)
    assert "赣州" in page
    assert enter(app, LIN).get(f"/manage/programmes/{learning.CODE}/load").status_code == 403
    assert "没有人报名这个时段" in enter(app, OU).get(f"/manage/programmes/{learning.CODE}/load?stretch=w1").get_data(as_text=True)


def filled(resource: str) -> float:
    return REGISTRY.get_sample_value("lms_load_filled", {"programme": learning.CODE, "resource": resource}) or 0.0


def offered() -> set[str]:
    found = {sample.name for metric in REGISTRY.collect() for sample in metric.samples} | {metric.name for metric in REGISTRY.collect()}
    return found | {f"{name}_total" for name in found}


def test_the_dashboard_and_the_alerts_ask_only_for_metrics_there_are(app: Flask) -> None:
    text = (GRAFANA / "city-windows.json").read_text(encoding="utf-8")
    asked = set(re.findall(r"\blms_[a-z_]+", text))
    assert asked <= offered()
    assert len(asked) >= 4
    board = json.loads(text)
    assert {panel["type"] for panel in board["panels"]} == {"timeseries", "stat"}
    text = (GRAFANA / "city-windows-alerts.json").read_text(encoding="utf-8")
    asked = set(re.findall(r"\blms_[a-z_]+", text))
    assert asked == {"lms_load_outside", "lms_load_filled", "lms_load_observed_timestamp_seconds"}
    assert asked <= offered()
    found = json.loads(text)
    assert found["apiVersion"] == 1
    (group,) = found["groups"]
    assert {"orgId", "name", "folder", "interval", "rules"} == set(group)
    for rule in group["rules"]:
        query, judged = rule["data"]
        assert query["relativeTimeRange"]["from"] > 0
        assert rule["condition"] == judged["refId"] == "B"
        assert judged["model"]["expression"] == query["refId"] == query["model"]["refId"]
        assert judged["datasourceUid"] == "__expr__"
        assert judged["model"]["conditions"][0]["evaluator"]["type"] == "gt"
        assert rule["dashboardUid"] == board["uid"]
        assert rule["panelId"] in {panel["id"] for panel in board["panels"]}
        assert "$" not in json.dumps(rule), "Grafana would read it as a variable of its environment"
    assert len({rule["uid"] for rule in group["rules"]}) == len(group["rules"])


def test_a_city_that_leaves_its_band_twice_is_called_by_name(app: Flask, tmp_path: Path) -> None:
    learning.load()
    with transaction() as session:
        learning.enrol(session, id_of(LIN))
        store.add(session, [store.Seen(learning.CODE, "watching", NOON + place * QUARTER, learning.CITY, 900) for place in range(1)])
    assert service.live(learning.CODE, NOON).alarms == ()  # once may be chance
    with transaction() as session:
        store.add(session, [store.Seen(learning.CODE, "watching", NOON + QUARTER, learning.CITY, 901)])
    (alarm,) = service.live(learning.CODE, NOON + QUARTER).alarms
    assert (alarm.city, alarm.seen, alarm.above) == (learning.CITY, 901, True)
    page = enter(app, OU).get(f"/manage/programmes/{learning.CODE}/load").get_data(as_text=True)
    assert "赣州比预计多：901 人" in page
    assert "还不知道能承受多少人" in page
    outside = {"programme": learning.CODE, "metric": "watching"}
    limits.state(Limits(gbits=0.001), actor_id=id_of(OU), now=NOON)
    service.observe(NOON + QUARTER)
    assert REGISTRY.get_sample_value("lms_load_outside", outside) == 1
    assert filled("line") > 1
    observed = REGISTRY.get_sample_value("lms_load_observed_timestamp_seconds") or 0
    (tmp_path / "now").touch()  # by the machine's clock, as Prometheus' time() is, and not by a rehearsed one
    assert abs(observed - (tmp_path / "now").stat().st_mtime) < abs(observed - (NOON + QUARTER).timestamp())
    with transaction() as session:
        store.add(session, [store.Seen(learning.CODE, "watching", NOON + 2 * QUARTER, learning.CITY, 0)])
    assert service.live(learning.CODE, NOON + 2 * QUARTER).alarms == ()
    service.observe(service.live(learning.CODE, NOON).forecast.stretch.closes + QUARTER)
    assert REGISTRY.get_sample_value("lms_load_outside", outside) == 0, "of a window that is over nobody is called"
    assert (filled("line"), filled("nodes")) == (0, 0)
    city = {**outside, "city": learning.CITY}
    assert REGISTRY.get_sample_value("lms_load_people", city) == 0, "nor is anybody of it in the sum over cities while another window runs"
    assert REGISTRY.get_sample_value("lms_load_expected", {**city, "bound": "high"}) == 0


def test_windows_and_exams_that_are_open_at_once_are_counted_together(app: Flask) -> None:
    learning.load(learning.programme_text().replace('to = "2026-11-19"', 'to = "2026-11-30"', 1))  # the first window's last day, in the second
    with transaction() as session:
        for person, city in ((LIN, learning.CITY), (OU, "360100")):
            learning.enrol(session, id_of(person), city=city)
            store.add(session, [store.Seen(learning.CODE, "watching", NOON + place * QUARTER, city, 900) for place in range(2)])
            store.add(session, [store.Seen(learning.CODE, "in_exam", NOON + QUARTER, city, 30)])
    limits.state(Limits(gbits=1.0, nodes=1), actor_id=id_of(OU), now=NOON)
    forecasts.MEASURED.write_text('{"figures": [{"name": "save", "server_us": 9000, "database_us": 300}]}', encoding="utf-8")
    service.observe(NOON + QUARTER)
    assert REGISTRY.get_sample_value("lms_load_outside", {"programme": learning.CODE, "metric": "watching"}) == 2, "a city of each window"
    line = nodes = 0.0
    for stretch, people in (("w1", 900), ("w2", 900), ("final-test", 60)):
        live = service.live(learning.CODE, NOON + QUARTER, stretch)
        each = live.outlook.taken(live.forecast)
        assert (each.line > 0) is (stretch != "final-test")
        assert live.most_people == pytest.approx(1 / max(each.line, each.nodes))
        line, nodes = line + people * each.line, nodes + people * each.nodes
    assert nodes > 0
    assert filled("line") == pytest.approx(line), "they share one line"
    assert filled("nodes") == pytest.approx(nodes), "and the same nodes, but no share of one is added to a share of the other"


def test_the_live_pages_of_all_reckon_once_a_minute_while_people_enrol(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    learning.load()
    reckoned: list[int] = []

    def counted(*given: object, **named: object) -> object:
        reckoned.append(1)
        return outlook(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(forecasts, "outlook", counted)
    for second, person in enumerate((LIN, OU, OU, OU)):
        with transaction() as session:
            if second < 2:
                learning.enrol(session, id_of(person))
        found = service.live(learning.CODE, NOON + second * timedelta(seconds=30))
        assert found.forecast.stretch.people == (1, 1, 2, 2)[second]
    assert len(reckoned) == 2, "who is enrolled meanwhile is seen a minute later; and who is not asked about is not reckoned"
    limits.state(Limits(gbits=1), actor_id=id_of(OU), now=NOON)
    assert service.live(learning.CODE, NOON + timedelta(seconds=91)).most_people is not None, "all else counts at once"
    with transaction() as session:
        learning.enrol(session, id_of(SAM))
    with forecasts._RECKONING[learning.CODE, False]:
        assert service.live(learning.CODE, NOON + timedelta(minutes=5)).forecast.stretch.people == 2, "while another reckons, what was before is shown"
    assert service.live(learning.CODE, NOON + timedelta(minutes=5)).forecast.stretch.people == 3
