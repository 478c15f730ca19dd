"""What is looked at before the bell, and what each finding means: green, amber or red, in words that say what to do."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from exam.domain.fairness import BEYOND
from lms.kernel.refusal import N_

GIGABYTE = 1_000_000_000
BYTES_AN_ITEM = 300  # that a sitting leaves behind, indexes included: 12.8 kB with 50 items (docs/measurements.md, "Growth")
LITTLE_DISK, NO_DISK = 10 * GIGABYTE, 2 * GIGABYTE
LATE_JOBS = timedelta(minutes=5)
LATE_SLOW_JOBS = timedelta(hours=1)  # what takes long also waits for its like
ALIVE = timedelta(seconds=60)  # a worker and a serving process speak several times in it
OLD_TEST = timedelta(days=30)
OLD_BACKUP = timedelta(hours=24)
OLD_RESTORE = timedelta(days=30)
CLOCKS_APART = timedelta(seconds=2)
LONG_LINE = timedelta(minutes=15)


class Light(StrEnum):
    """How a finding looks on the board."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What was found; None: not known."""

    browser_keys: int  # of Safe Exam Browser that the exam takes
    address: str  # the product's public one, which such a browser's keys are compared with
    expected: int  # learners enrolled who have not started
    unconfirmed: int  # of them, whose identity the exam asks for and nobody has confirmed
    accommodated: int  # people with more time
    kept_back: int  # of them, whose time the exam's window cuts
    papers: int
    papers_free: int
    beyond: Mapping[str, int]  # further papers that go beyond a rule, by its name in fairness.BEYOND
    retired: int  # versions in the pool of the papers that the bank no longer offers
    keys_open: bool
    key_readers: int  # learners enrolled who may look at the bank's keys
    rate: float
    disk_free: int  # bytes
    unsafe_settings: tuple[str, ...]
    newest_schema: bool
    clocks_apart: timedelta
    rehearsed: timedelta
    serving_for: timedelta | None  # since a serving process last left its mark
    worker_for: timedelta | None  # since a worker was last heard of
    jobs_late: int
    jobs_failed: int
    outages_undecided: int
    archived_at: datetime | None  # when the log was last archived
    archiving: bool
    archive_failing: bool
    standbys: int
    tested_at: datetime | None
    test_passed: bool
    test_title: str  # which stretch of the programme the last load test played
    test_scale: float  # of the forecast's peak, the 95 % edge
    items: int  # on a paper
    restored: datetime | None  # when the base backup was taken that was last restored elsewhere and checked


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the board: title, light, and a sentence with its facts."""

    title: str
    light: Light
    words: str
    facts: dict[str, object]


def judged(found: Findings, now: datetime) -> tuple[Check, ...]:
    """Return every line of the board."""
    return tuple(Check(title, light, words, facts) for title, light, words, facts in (*_exam(found), *_machine(found), *_proofs(found, now)))


Line = tuple[str, Light, str, dict[str, object]]


def _exam(found: Findings) -> Iterator[Line]:
    papers: dict[str, object] = {"papers": found.papers, "free": found.papers_free, "expected": found.expected}
    if not found.papers:
        yield N_("试卷"), Light.RED, N_("还没有组卷，考生不能进入。请在考试管理页组卷，或运行 flask exam assemble。"), papers
    elif found.papers_free < found.expected:
        yield N_("试卷"), Light.RED, N_("尚未领取的试卷 %(free)s 份，少于未开考的 %(expected)s 人。请补足试卷。"), papers
    else:
        yield N_("试卷"), Light.GREEN, N_("共 %(papers)s 份，尚未领取 %(free)s 份，未开考 %(expected)s 人。"), papers
    yield from _further(found)
    if found.retired:
        yield N_("题目冻结"), Light.AMBER, N_("有 %(n)s 道用到的试题组卷后已改版或停用。如有错误，请在开考前重新组卷。"), {"n": found.retired}
    else:
        yield N_("题目冻结"), Light.GREEN, N_("试卷用到的试题版本与题库一致。"), {}
    yield from _keys(found)
    line = timedelta(seconds=found.expected / found.rate) if found.rate else timedelta(0)
    facts: dict[str, object] = {"rate": f"{found.rate:g}", "minutes": -(-line // timedelta(minutes=1))}
    if not found.rate:
        yield N_("候场"), Light.AMBER, N_("没有限速，所有考生可以同时开考。请确认系统经过同样规模的压测。"), facts
    elif line > LONG_LINE:
        yield N_("候场"), Light.AMBER, N_("每秒放行 %(rate)s 人，如同时到场，最后一位约等 %(minutes)s 分钟。请错开进场，或压测后提高速度。"), facts
    else:
        yield N_("候场"), Light.GREEN, N_("每秒放行 %(rate)s 人，如同时到场，最后一位约等 %(minutes)s 分钟；等候不占考试时间。"), facts
    yield from _people(found)
    if found.outages_undecided:
        yield N_("系统中断"), Light.RED, N_("有 %(n)s 次中断等待决定，受影响的考生不会被收卷。请在监考页处理。"), {"n": found.outages_undecided}
    else:
        yield N_("系统中断"), Light.GREEN, N_("没有等待处理的中断。"), {}


def _keys(found: Findings) -> Iterator[Line]:
    if found.keys_open:
        yield N_("答案封存"), Light.AMBER, N_("答案已由两人同意开启。请确认开启的理由，并注意保密。"), {}
    else:
        yield N_("答案封存"), Light.GREEN, N_("答案封存完好。"), {}
    if found.key_readers:
        words = N_("有 %(n)s 名考生能在题库看到试题答案。请收回其命题、审题角色或题库的共享；已看过答案的，请安排参加从其他题库抽题的考试。")
        yield N_("题库答案"), Light.AMBER, words, {"n": found.key_readers}
    else:
        yield N_("题库答案"), Light.GREEN, N_("没有考生能在题库看到试题答案。"), {}


def _people(found: Findings) -> Iterator[Line]:
    facts: dict[str, object] = {"n": found.accommodated, "short": found.kept_back, "unconfirmed": found.unconfirmed}
    if found.kept_back:
        words = N_("有 %(n)s 名考生延长了时间，其中 %(short)s 名用不满：考试须在开放时间内交卷。请延长开放时间，或改为在开放时间内开始即可。")
        yield N_("延长时间"), Light.AMBER, words, facts
    elif found.accommodated:
        yield N_("延长时间"), Light.GREEN, N_("有 %(n)s 名考生延长了时间，开放时间足够。"), facts
    else:
        yield N_("延长时间"), Light.GREEN, N_("没有考生延长时间。"), facts
    if found.unconfirmed:
        yield N_("身份核验"), Light.AMBER, N_("未开考的考生中有 %(unconfirmed)s 人还没有核验身份，核验后才能开考。请提前核验，或增加核验人员。"), facts
    else:
        yield N_("身份核验"), Light.GREEN, N_("没有等待核验身份的考生。"), facts
    if found.browser_keys:
        browser: dict[str, object] = {"n": found.browser_keys, "address": found.address}
        if found.address.startswith("https://"):
            yield "Safe Exam Browser", Light.GREEN, N_("要求使用，密钥 %(n)s 个，按公开网址 %(address)s 核对。请用它试着进入一次。"), browser
        else:
            words = N_("要求使用，但公开网址 %(address)s 不是 https，核对不会通过。请把 BASE_URL 设为考生打开的网址，再试着进入一次。")
            yield "Safe Exam Browser", Light.AMBER, words, browser


def _further(found: Findings) -> Iterator[Line]:
    for rule, papers in found.beyond.items():
        yield N_("补充试卷"), Light.AMBER, BEYOND[rule], {"n": papers}


def _machine(found: Findings) -> Iterator[Line]:
    if found.unsafe_settings:
        names: dict[str, object] = {"names": ", ".join(found.unsafe_settings)}
        yield N_("数据库落盘"), Light.RED, N_("数据库的 %(names)s 已关闭，断电会丢失已确认的答案。请打开后再考试。"), names
    else:
        yield N_("数据库落盘"), Light.GREEN, N_("fsync、synchronous_commit、full_page_writes 都已打开。"), {}
    if found.newest_schema:
        yield N_("数据库结构"), Light.GREEN, N_("与程序版本一致。"), {}
    else:
        yield N_("数据库结构"), Light.RED, N_("与程序版本不一致。请运行 flask database migrate。"), {}
    needed = found.expected * found.items * BYTES_AN_ITEM
    disk: dict[str, object] = {"free": f"{found.disk_free / GIGABYTE:.1f}", "needed": f"{needed / GIGABYTE:.1f}"}
    if found.disk_free < LITTLE_DISK + needed:
        light = Light.RED if found.disk_free < NO_DISK + needed else Light.AMBER
        yield N_("磁盘"), light, N_("本机数据目录只剩 %(free)s GB，这场考试约写入 %(needed)s GB。请清理或扩容；数据库在另一台机器时也要查看那里。"), disk
    else:
        yield N_("磁盘"), Light.GREEN, N_("本机数据目录剩余 %(free)s GB，这场考试约写入 %(needed)s GB。数据库在另一台机器时也要查看那里。"), disk
    apart: dict[str, object] = {"seconds": f"{abs(found.clocks_apart).total_seconds():.1f}"}
    if found.rehearsed:
        yield N_("时钟"), Light.AMBER, N_("时钟正在演练，不是真实时间。正式考试前请运行 flask clock rehearse --off。"), apart
    elif abs(found.clocks_apart) > CLOCKS_APART:
        yield N_("时钟"), Light.RED, N_("本进程的时钟与数据库相差 %(seconds)s 秒。请检查数据库连接，重启本进程。"), apart
    else:
        yield N_("时钟"), Light.GREEN, N_("与数据库相差 %(seconds)s 秒。"), apart
    yield _alive(N_("网站进程"), found.serving_for, N_("没有发现正在服务的网站进程。请启动后再查看。"), N_("正在服务。"))
    yield _alive(N_("后台任务"), found.worker_for, N_("没有后台进程：不会到时收卷，也不会评分。请运行 flask worker。"), N_("后台进程正在运行。"))
    jobs: dict[str, object] = {"late": found.jobs_late, "failed": found.jobs_failed}
    if found.jobs_late or found.jobs_failed:
        yield N_("任务队列"), Light.AMBER, N_("%(late)s 个任务等待过久，近一天失败 %(failed)s 个。请查看后台进程的日志。"), jobs
    else:
        yield N_("任务队列"), Light.GREEN, N_("没有积压，近一天没有失败的任务。"), jobs


def _alive(title: str, silent: timedelta | None, lost: str, well: str) -> Line:
    return (title, Light.RED, lost, {}) if silent is None or silent > ALIVE else (title, Light.GREEN, well, {})


def _archived(found: Findings, now: datetime) -> Line:
    if found.archive_failing:
        light, words = Light.RED, N_("数据库日志归档最近一次失败了。请查看数据库的日志。")
    elif not found.archiving:
        light, words = Light.AMBER, N_("数据库没有打开日志归档，出了故障只能回到最近一次完整备份。请打开，或确认备用库可用。备用库 %(standbys)s 个。")
    elif found.archived_at is None or now - found.archived_at > OLD_BACKUP:
        light, words = Light.AMBER, N_("近一天没有日志归档。请确认备份正常。备用库 %(standbys)s 个。")
    else:
        light, words = Light.GREEN, N_("最近归档于 %(at)s，备用库 %(standbys)s 个。")
    return N_("日志归档"), light, words, {"standbys": found.standbys, "at": found.archived_at}


def _proofs(found: Findings, now: datetime) -> Iterator[Line]:
    yield _archived(found, now)
    facts: dict[str, object] = {"restored": found.restored}
    if found.restored is None:
        yield N_("完整备份"), Light.AMBER, N_("没有恢复演练的记录。请在另一台机器上恢复最近的完整备份并核对，再运行 flask database backup-restored。"), facts
    elif now - found.restored > OLD_RESTORE:
        yield N_("完整备份"), Light.AMBER, N_("最近一次恢复演练用的是 %(restored)s 的备份，已超过三十天。请重新演练并登记。"), facts
    else:
        yield N_("完整备份"), Light.GREEN, N_("%(restored)s 的完整备份已在别处恢复并核对。"), facts
    test: dict[str, object] = {
        "at": found.tested_at,
        "title": found.test_title,
        "percent": _percent(found.test_scale),
    }
    if found.tested_at is None:
        yield (
            N_("压力测试"),
            Light.AMBER,
            N_("没有考试的压测记录。请演练考试最后一晚（python -m load_tests run），并把结论文件 load_test_verdict_exam.json 放到数据目录。"),
            test,
        )
    elif not found.test_passed:
        yield N_("压力测试"), Light.RED, N_("最近一次压测（%(at)s，%(title)s）没有通过。请查看报告，改进后重测。"), test
    elif found.test_scale < 1:
        yield N_("压力测试"), Light.AMBER, N_("最近一次压测（%(at)s，%(title)s）通过，但人数只有预计高峰（95%% 上界）的 %(percent)s%%。请加大人数重测。"), test
    elif now - found.tested_at > OLD_TEST:
        yield N_("压力测试"), Light.AMBER, N_("最近一次压测是 %(at)s，已超过三十天。请重测。"), test
    else:
        yield N_("压力测试"), Light.GREEN, N_("最近一次压测（%(at)s，%(title)s，预计高峰（95%% 上界）的 %(percent)s%%）通过。"), test


def worst(checks: tuple[Check, ...]) -> Light:
    """Return the light of the whole board."""
    return max((check.light for check in checks), key=list(Light).index)


def _percent(share: float) -> str:
    return f"{100 * share:.3g}" if share < 1 else f"{100 * share:.0f}"
