"""What the figures of an item give reason to look at, each with a sentence that says what to do."""

import math
from dataclasses import dataclass

from lms.kernel.refusal import N_
from question_bank.domain.classical import ItemStatistics, OptionStatistics
from question_bank.domain.differential import Differential
from question_bank.domain.item_fit import ItemFit

LEAST_ANSWERS = 100  # below, the error of a share is above five points and of a correlation above a tenth: no judgement
LOW_DISCRIMINATION = 0.15
TOO_EASY, TOO_HARD = 0.95, 0.2
RARELY_CHOSEN = 0.05  # Haladyna & Downing (1993): a distractor that fewer choose does no work
OFTEN_EMPTY = 0.1
MISFIT = 0.05  # root mean square error of approximation
DRIFT_ERRORS, DRIFT_LOGITS = 2.5, 0.3  # certain, and large enough to matter
LEAST_COMMON = 5  # items both runs hold: with fewer, nobody can tell a drift from other people

# By code: how much it matters, and the sentence.
SENTENCES = {
    "key_suspect": (5, N_("干扰项 %(option)s 被高分组选择更多，请检查答案是否标错。")),
    "discriminates_backwards": (5, N_("得分高的人反而更容易答错，请检查答案和题干是否有歧义。")),
    "key_option_suspect": (4, N_("正确选项 %(option)s 被高分组选择更少，请检查这个选项是否应算正确。")),
    "functions_differently": (4, N_("整体水平相同时，这道题对“%(group)s”%(direction)s，请检查内容是否与当地或学段有关，暂缓使用。")),
    "drifted": (4, N_("与上次相比，难度变化了 %(figure)s（logit），请检查试题是否已泄露或内容已过时。")),
    "distractor_draws_good": (3, N_("干扰项 %(option)s 也吸引高分的人，请检查它是否也说得通。")),
    "discriminates_little": (3, N_("区分度偏低，答对与否和整体水平关系不大，请检查题意是否清楚。")),
    "too_hard": (2, N_("答对的人很少，请检查答案是否正确、内容是否超出培训范围。")),
    "too_easy": (2, N_("几乎人人答对，对区分水平没有帮助，可换成更难的题或改写干扰项。")),
    "misfits": (2, N_("实际作答与模型不符，请查看曲线，检查是否可以靠猜测或题外线索答对。")),
    "functions_somewhat_differently": (2, N_("整体水平相同时，这道题对“%(group)s”%(direction)s，程度中等，请留意内容。")),
    "rarely_chosen": (1, N_("干扰项 %(option)s 很少有人选，可改写得更有迷惑性。")),
    "often_empty": (1, N_("较多的人没有作答，请检查题目是否太长或位置太靠后。")),
    "too_few_answers": (0, N_("作答人数还不足 %(figure)s 人，暂不作判断。")),
}
HARDER, EASIER = N_("更难"), N_("更容易")
NOTHING = N_("各项指标正常，可以继续使用。")


@dataclass(frozen=True, slots=True)
class Concern:
    """One reason to look at an item."""

    code: str
    option: str = ""
    group: str = ""
    direction: str = ""
    figure: str = ""

    @property
    def severity(self) -> int:
        """Return how much it matters, 5 at most."""
        return SENTENCES[self.code][0]


def concerns(statistics: ItemStatistics, fit: ItemFit | None, differential: tuple[Differential, ...]) -> tuple[Concern, ...]:
    """Return what to look at, the gravest first."""
    if statistics.answers < LEAST_ANSWERS:
        return (Concern("too_few_answers", figure=str(LEAST_ANSWERS)),)
    found = [*_of_options(statistics), *_of_item(statistics, fit), *(_of_group(one) for one in differential if one.grade in {"B", "C"})]
    return tuple(sorted(found, key=lambda one: -one.severity))


def _of_item(found: ItemStatistics, fit: ItemFit | None) -> list[Concern]:
    noise = 2 / math.sqrt(found.answers)
    single = sum(option.is_key for option in found.options) == 1
    chance = 1 / sum(bool(option.label) for option in found.options) if single else TOO_HARD
    codes = []
    if found.point_biserial < -noise:
        codes.append("discriminates_backwards")
    elif found.point_biserial < LOW_DISCRIMINATION:
        codes.append("discriminates_little")
    if found.difficulty < min(chance, TOO_HARD):
        codes.append("too_hard")
    if found.difficulty > TOO_EASY:
        codes.append("too_easy")
    if fit and fit.p_value < 0.01 and math.sqrt(max(fit.s_x2 / fit.degrees - 1, 0) / found.answers) > MISFIT:
        codes.append("misfits")
    return [Concern(code) for code in codes]


def _of_options(found: ItemStatistics) -> list[Concern]:
    noise = 2 / math.sqrt(found.answers)
    keys = [option for option in found.options if option.is_key]
    best = max((option.point_biserial for option in keys), default=math.nan)
    concerns = []
    for option in found.options:
        if not option.label:
            concerns += [Concern("often_empty")] if option.share > OFTEN_EMPTY else []
        elif option.is_key:
            concerns += [Concern("key_option_suspect", option.label)] if len(keys) > 1 and option.point_biserial < -noise else []
        else:
            concerns += _of_distractor(option, noise, best, found.difficulty)
    return concerns


def _of_distractor(option: OptionStatistics, noise: float, best: float, difficulty: float) -> list[Concern]:
    if option.point_biserial > noise and option.upper > option.lower:
        return [Concern("key_suspect" if option.point_biserial > best else "distractor_draws_good", option.label)]
    return [Concern("rarely_chosen", option.label)] if option.share < RARELY_CHOSEN and difficulty < 1 - 2 * RARELY_CHOSEN else []


def _of_group(one: Differential) -> Concern:
    code = "functions_differently" if one.grade == "C" else "functions_somewhat_differently"
    return Concern(code, group=one.group, direction=HARDER if one.delta < 0 else EASIER, figure=f"{one.delta:+.2f}")


def drifts(now: dict[str, tuple[float, float]], before: dict[str, tuple[float, float]]) -> dict[str, float]:
    """Return which difficulties (logits with standard errors) have moved between two runs, and how far.

    Each run's scale has its origin at its own people, so what moved is told from what most common items did.
    """
    common = [name for name in now if name in before]
    if len(common) < LEAST_COMMON:
        return {}
    gaps = {name: now[name][0] - before[name][0] for name in common}
    ordered = sorted(gaps.values())
    middle = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
    moved = {}
    for name, gap in gaps.items():
        error = math.hypot(now[name][1], before[name][1])
        if abs(gap - middle) > max(DRIFT_ERRORS * error, DRIFT_LOGITS):
            moved[name] = gap - middle
    return moved
