"""Credit against adversaries and bad lines: what the server's clock, the union and the deliveries allow."""

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.domain import interval, playback
from media.domain.interval import Spans, spans_of
from media.domain.lease import Budget, Lease, begin
from media.domain.playback import Decision, Evidence, Reason, Standing, Watched
from media.domain.presence import Presence

START = datetime(2026, 11, 22, 4, tzinfo=UTC)
HOUR = 3_600_000
ALL: Spans = ((0, 100 * HOUR),)


@dataclass
class Account:
    """One account as the server sees it: leases in turn, the clock, the deliveries."""

    rate: int = 1000
    length_ms: int = HOUR
    opens: datetime | None = None
    closes: datetime | None = None
    presence_minutes: tuple[int, int] | None = None
    delivered: Spans | None = ALL
    gap: bool = False
    now: datetime = START
    leases: list[Lease] = field(default_factory=list)
    budgets: dict[int, Budget] = field(default_factory=dict)
    watched: dict[int, Watched] = field(default_factory=dict)
    presence: Presence = field(default_factory=Presence)
    refusals: list[playback.Refused] = field(default_factory=list)
    draws: random.Random = field(default_factory=lambda: random.Random(7))

    def open(self, asset: int = 1) -> Lease:
        previous = None
        if self.leases:
            last = self.leases[-1]
            previous = self.budgets[last.id] = self.budgets[last.id].closed(last, self.now, self.presence.deadline)
        lease = Lease(
            id=len(self.leases), person_id=1, login_id=1, activity_id=asset, asset_id=asset, length_ms=self.length_ms, opened_at=self.now,
            opens=self.opens, closes=self.closes, rate=self.rate, done_ms=self.length_ms * 95 // 100, presence_minutes=self.presence_minutes,
        )  # fmt: skip
        self.leases.append(lease)
        self.budgets[lease.id] = begin(previous, self.now)
        return lease

    def report(self, lease: Lease, *pairs: tuple[float, float]) -> Decision:
        evidence = Evidence(self.delivered or (), self.gap, self.draws.getrandbits(31))
        claim = [(round(start * 1000), round(end * 1000)) for start, end in pairs]
        found = playback.decide(lease, claim, self.standing(lease), evidence, self.now)
        self.keep(lease, found.standing)
        self.refusals.extend(found.refused)
        return found

    def answer(self, lease: Lease) -> None:
        self.keep(lease, playback.answer(lease, self.standing(lease), self.presence.number, self.now))

    def standing(self, lease: Lease) -> Standing:
        return Standing(self.watched.get(lease.asset_id, Watched()), self.budgets[lease.id], self.presence)

    def keep(self, lease: Lease, standing: Standing) -> None:
        self.watched[lease.asset_id], self.budgets[lease.id], self.presence = standing.watched, standing.budget, standing.presence

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @property
    def credited(self) -> float:
        return sum(interval.length(watched.accepted) for watched in self.watched.values()) / 1000

    def refused(self, reason: Reason) -> float:
        return sum(interval.length(one.spans) for one in self.refusals if one.reason is reason) / 1000


# WT-01


def test_a_pump_of_585_seconds_in_4_earns_at_most_9() -> None:
    account = Account()
    lease = account.open()
    for part in range(39):
        account.wait(4 / 39)
        account.report(lease, (part * 15, part * 15 + 15))
    assert 3 <= account.credited <= 9
    assert account.refused(Reason.FASTER_THAN_CLOCK) > 570


def test_ten_videos_at_once_earn_the_time_of_one() -> None:
    account = Account()
    for asset in range(10):
        account.open(asset)
    for beat in range(40):
        account.wait(15)
        for lease in account.leases:
            account.report(lease, (beat * 15, beat * 15 + 15))
    assert account.credited <= 605
    assert account.refused(Reason.OTHER_DEVICE) >= 9 * 600 - 5


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 400))
def test_no_adversary_beats_the_wall_clock_in_30_000_tries(seed: int) -> None:
    adversaries(seed)


@pytest.mark.parametrize("seed", range(30))
def test_no_adversary_beats_the_wall_clock(seed: int) -> None:
    adversaries(seed)


def adversaries(seed: int) -> None:
    """A hundred random sequences a seed, 3,000 in all: any leases, claims, pauses, replays and clocks that step back."""
    draws = random.Random(seed)
    for _ in range(100):
        account = Account(rate=draws.choice([1000, 1000, 1500, 2000]), length_ms=draws.choice([20_000, 600_000, HOUR]))
        account.open(draws.randrange(4))
        latest = account.now
        for _step in range(draws.randrange(1, 40)):
            act = draws.random()
            if act < 0.15:
                account.open(draws.randrange(4))
            elif act < 0.5:
                account.wait(draws.choice([0, 0.01, 1, 15, 15, 60, 1000, 4000]))
                latest = max(latest, account.now)
            elif act < 0.55:
                account.now = max(START, account.now - timedelta(seconds=draws.random() * 5))
            else:
                start = draws.uniform(-10, 4000)
                account.report(draws.choice(account.leases), *[(start + gap, start + gap + draws.choice([1, 15, 900])) for gap in (0, draws.uniform(-50, 50))])
            assert account.credited <= (latest - START).total_seconds() * account.rate / 1000 + 1e-9  # seconds as floats do not add up exactly


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(-100, 4_000_000), st.integers(-100, 4_000_000), st.integers(0, 2_000)), max_size=30))
def test_credit_is_bounded_and_only_grows(steps: list[tuple[int, int, int, int]]) -> None:
    account = Account()
    account.open()
    before = 0.0
    for kind, start, end, pause in steps:
        account.wait(pause)
        if kind == 0:
            account.open(pause % 3)
        else:
            account.report(account.leases[start % len(account.leases)], (start / 1000, end / 1000))
        assert before <= account.credited <= (account.now - START).total_seconds()
        before = account.credited


# WT-02


def test_a_loop_of_15_seconds_counts_once() -> None:
    account = Account()
    lease = account.open()
    for _ in range(40):
        account.wait(15)
        account.report(lease, (0, 15))
    assert account.credited == 15
    assert account.refused(Reason.ALREADY_COUNTED) == 585


def test_a_seek_to_the_end_earns_what_played() -> None:
    account = Account()
    lease = account.open()
    account.wait(8)
    account.report(lease, (0, 5), (3597, 3600))
    assert account.credited == 8


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3_500), st.integers(1, 60)), min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_credit_is_the_exact_union_in_any_order_and_twice(plays: list[tuple[int, int]], order: random.Random) -> None:
    claims = [(start, start + seconds) for start, seconds in plays]
    truth = interval.length(spans_of([(start * 1000, min(end, 3600) * 1000) for start, end in claims])) / 1000
    results = []
    for _ in range(3):
        account = Account(rate=4000)
        lease = account.open()
        account.wait(880)
        for claim in claims + order.sample(claims, len(claims) // 2):
            account.report(lease, claim)
        results.append(account.watched[1].accepted)
        order.shuffle(claims)
        assert account.credited == truth
    assert results[0] == results[1] == results[2]


# WT-03: the claim holds no clock; seconds outside the video are worth nothing


def test_seconds_outside_the_video_are_nothing() -> None:
    account = Account(length_ms=10_000)
    lease = account.open()
    account.wait(600)
    account.report(lease, (-50, 4), (9, 900))
    assert account.credited == 5


# WT-05


def test_the_newest_play_wins_and_the_other_keeps_what_it_earned() -> None:
    account = Account()
    one = account.open(1)
    account.wait(30)
    account.report(one, (0, 15))
    two = account.open(2)
    account.wait(20)
    account.report(one, (15, 50))  # 15 of them were played before the other began
    account.report(two, (0, 20))
    assert interval.length(account.watched[1].accepted) == 30_000
    assert interval.length(account.watched[2].accepted) == 20_000
    assert account.refused(Reason.OTHER_DEVICE) == 20


def test_flapping_between_two_devices_gains_nothing() -> None:
    account = Account()
    for turn in range(200):
        lease = account.open(turn % 2)
        account.wait(3)
        account.report(lease, (turn * 10, turn * 10 + 10))
        if turn:
            account.report(account.leases[-2], (turn * 10 - 10, turn * 10))
    assert account.credited <= 600


# WT-06


def test_seconds_that_were_not_delivered_wait_and_are_then_refused() -> None:
    account = Account(delivered=())
    lease = account.open()
    for beat in range(6):
        account.wait(15)
        found = account.report(lease, (beat * 15, beat * 15 + 15))
        if beat == 0:
            assert found.standing.watched.waiting == ((0, 15_000),)
    assert account.credited == 0
    assert account.refused(Reason.NOT_DELIVERED) >= 60


def test_a_late_delivery_record_loses_nothing() -> None:
    account = Account(delivered=())
    lease = account.open()
    for beat in range(40):
        account.wait(15)
        account.report(lease, (beat * 15, beat * 15 + 15))
    account.wait(7200)
    account.delivered = ALL
    account.report(lease)
    assert account.credited == 600


def test_a_lost_log_keeps_seconds_provisional() -> None:
    account = Account(delivered=((0, 15_000),), gap=True)
    lease = account.open()
    for beat in range(20):
        account.wait(15)
        found = account.report(lease, (beat * 15, beat * 15 + 15))
    assert account.credited == 15
    assert found.standing.watched.waiting == ((15_000, 300_000),)
    assert account.refused(Reason.NOT_DELIVERED) == 0


# WT-07


@pytest.mark.parametrize(("rate", "speed", "seconds", "expected"), [(1000, 2, 300, 300), (2000, 2, 300, 600), (1000, 16, 100, 100), (2000, 16, 100, 200)])
def test_speed_earns_what_the_programme_allows(rate: int, speed: int, seconds: int, expected: int) -> None:
    account = Account(rate=rate)
    lease = account.open()
    for beat in range(seconds // 10):
        account.wait(10)
        account.report(lease, (beat * 10 * speed, (beat + 1) * 10 * speed))
    assert account.credited == expected


# WT-08 and WT-09


def test_half_the_reports_lost_and_sent_again_cost_nothing() -> None:
    draws = random.Random(3)
    account = Account()
    lease = account.open()
    queue: list[tuple[float, float]] = []
    for beat in range(120):
        account.wait(15)
        queue.append((beat * 15, beat * 15 + 15))
        draws.shuffle(queue)
        arrived = [claim for claim in queue if draws.random() < 0.5]
        for claim in arrived:
            account.report(lease, claim)
            if draws.random() < 0.05:
                account.report(lease, claim)
        queue = [claim for claim in queue if claim not in arrived or draws.random() < 0.2]
    for claim in queue:
        account.report(lease, claim)
    assert account.credited >= 0.995 * 1800


def test_a_tunnel_of_15_minutes_is_made_good() -> None:
    account = Account()
    lease = account.open()
    account.wait(15)
    account.report(lease, (0, 15))
    account.wait(900)
    account.report(lease, (15, 915))
    assert account.credited == 915


def test_a_backlog_of_two_hours_is_bounded_now_and_the_rest_provisional() -> None:
    account = Account(length_ms=3 * HOUR)
    lease = account.open()
    account.wait(7200)
    account.report(lease, (0, 7200))
    assert account.credited == 900
    assert [(one.reason, one.provisional) for one in account.refusals] == [(Reason.FASTER_THAN_CLOCK, True)]


# WT-10


def test_an_hour_of_sleep_inflates_nothing() -> None:
    account = Account()
    lease = account.open()
    account.wait(15)
    account.report(lease, (0, 15))
    account.wait(3600)
    account.report(lease, (15, 25))
    assert account.credited == 25


# Windows


def test_a_lease_opened_outside_the_window_earns_nothing() -> None:
    account = Account(opens=START + timedelta(hours=1))
    lease = account.open()
    account.wait(4000)
    account.report(lease, (0, 60))
    assert account.credited == 0
    assert account.refused(Reason.OUTSIDE_WINDOW) == 60


def test_facts_are_taken_until_15_minutes_after_the_window() -> None:
    account = Account(closes=START + timedelta(seconds=60))
    lease = account.open()
    account.wait(60 + 899)
    account.report(lease, (0, 30), (100, 200))
    assert account.credited == 60
    assert account.refused(Reason.OUTSIDE_WINDOW) == 70
    account.wait(1)
    account.report(lease, (30, 60))
    assert account.credited == 60


def test_the_first_instant_of_the_window_earns_and_the_last_does_not() -> None:
    lease = Account(opens=START, closes=START + timedelta(hours=1)).open()
    assert lease.earns
    assert not replace(lease, opened_at=START + timedelta(hours=1)).earns


# Presence


def test_an_unanswered_question_stops_the_clock_and_takes_nothing_back() -> None:
    account = Account(presence_minutes=(10, 10), length_ms=2 * HOUR)
    lease = account.open()
    for beat in range(80):
        account.wait(15)
        account.report(lease, (beat * 15, beat * 15 + 15))
    assert account.credited == 600 + 180
    assert account.refused(Reason.PRESENCE_MISSED) == 1200 - 780


def test_an_answer_in_time_costs_nothing_and_a_late_one_only_the_time_between() -> None:
    account = Account(presence_minutes=(10, 10), length_ms=2 * HOUR)
    lease = account.open()
    lost = 0.0
    for beat in range(160):
        account.wait(15)
        account.report(lease, (beat * 15, beat * 15 + 15))
        asked = account.presence.asked_at
        if asked and (account.presence.number != 2 or (account.now - asked) >= timedelta(minutes=4)):
            account.answer(lease)
            lost += 60 if (account.now - asked) >= timedelta(minutes=4) else 0
    assert lost == 60
    assert account.credited == 2400 - 60


def test_an_answer_that_was_held_up_by_the_line_costs_nothing() -> None:
    account = Account(presence_minutes=(10, 10))
    lease = account.open()
    account.wait(600)
    account.report(lease, (0, 600))
    assert account.presence.asked_at is not None
    account.wait(600)
    account.answer(lease)
    account.report(lease, (600, 1200))
    assert account.credited == 1200


def test_questions_come_at_random_within_the_programme_s_bounds() -> None:
    pauses = set()
    for seed in range(20):
        account = Account(presence_minutes=(10, 15), draws=random.Random(seed))
        lease = account.open()
        for beat in range(80):
            account.wait(15)
            account.report(lease, (beat * 15, beat * 15 + 15))
            if account.presence.asked_at:
                pauses.add(beat * 15 + 15)
                break
    assert min(pauses) >= 600
    assert max(pauses) <= 915
    assert len(pauses) > 5


def test_the_resume_point_is_where_the_last_report_ended() -> None:
    account = Account()
    lease = account.open()
    account.wait(10)
    assert account.report(lease, (50, 60)).standing.watched.resume_ms == 60_000
    assert not playback.done(account.watched[1], lease.done_ms)


def test_of_a_video_without_length_nothing_is_watched() -> None:
    assert not playback.done(Watched(), 0)
