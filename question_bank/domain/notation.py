"""How authors write types, keys, difficulties and levels in files; everything comes back in the bank's own words."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from question_bank.domain.draft import TRUE_FALSE_OPTIONS, Draft, loosely
from question_bank.domain.item import LETTERS, ItemType, Level, Pool

_TYPES = {
    ItemType.SINGLE: "单选 单选题 单项选择题 单项选择 单项 single singlechoice single_choice radio 单选题型 a1 a1型题",
    ItemType.MULTIPLE: "多选 多选题 多项选择题 多项选择 多项 不定项 不定项选择题 不定项选择 multiple multiplechoice multiple_choice multi checkbox",
    ItemType.TRUE_FALSE: "判断 判断题 是非 是非题 对错题 判断正误 判断正误题 judge judgement judgment truefalse true_false tf true/false boolean",
    ItemType.FILL_IN: "填空 填空题 单项填空 单项填空题 多项填空 多项填空题"
    " fill fillin fill_in blank fillblank fill_blank fillintheblank fill-in-the-blank fill-in fill_in_blank fill_in_the_blank",
    ItemType.MATCHING: "匹配 匹配题 连线 连线题 配对题 matching match",
    ItemType.ORDERING: "排序 排序题 ordering order sort",
    ItemType.SHORT_TEXT: "简答 简答题 问答 问答题 论述 论述题 主观 主观题 名词解释 名词解释题"
    " 材料题 材料分析题 案例题 案例分析 案例分析题 计算题 解答题 辨析题 应用题 分析题 综合题 写作题 作文 作文题 编程 编程题 操作题 证明题"
    " essay qa short_text shortanswer short_answer short subjective",
}
_KINDS = frozenset(ItemType)
_TYPE_BY_WORD = {word: kind for kind, words in _TYPES.items() for word in words.split()}

_LEVELS = {
    Level.REMEMBER: "remember 识记 记忆 了解 知道 识记题",
    Level.UNDERSTAND: "understand 理解 领会 掌握 熟悉",
    Level.APPLY: "apply 应用 运用 简单应用 综合应用 熟练掌握",
    Level.ANALYSE: "analyse analyze 分析",
    Level.EVALUATE: "evaluate 评价 综合 评估",
    Level.CREATE: "create 创造 创新",
}
_LEVEL_BY_WORD = {word: level for level, words in _LEVELS.items() for word in words.split()}

_POOLS = {Pool.EXAM: "exam 考试 考试池 考试题", Pool.PRACTICE: "practice 练习 练习池 练习题 测验"}
_POOL_BY_WORD = {word: pool for pool, words in _POOLS.items() for word in words.split()}

_JUDGEMENTS = {
    True: "对 对的 正确 正确的 √ ✓ ✔ ✅ ☑ t true y yes 是 是的 同意 right correct 真 1",
    False: "错 错的 错误 错误的 × ✗ ✘ ✕ ╳ ❌ x f false n no 否 不是 不同意 wrong incorrect 假 不对 不正确 0",
}
_JUDGEMENT_BY_WORD = {word: judgement for judgement, words in _JUDGEMENTS.items() for word in words.split()}

_DIFFICULTY_BY_WORD = {
    **dict.fromkeys(["易", "容易", "简单", "低", "较易", "easy", "很容易", "非常容易", "极易", "极容易"], 0.85),
    **dict.fromkeys(["中", "中等", "一般", "适中", "普通", "medium", "中档", "normal"], 0.65),
    **dict.fromkeys(["难", "困难", "较难", "高", "hard", "difficult", "很难", "非常难", "极难"], 0.4),
}
_FIVE_STEPS = {1: 0.9, 2: 0.75, 3: 0.6, 4: 0.45, 5: 0.3}
_STEP = re.compile(r"(?P<stars>[★⭐]{1,5})[\ufe0f☆]*|(?P<figure>[1-5一二三四五])(?:级|颗?星)")

# The signs of those words alone: in what is asked, the two may be what is asked for.
TRADITIONAL, SIMPLIFIED = (
    "題幹選項單斷對錯確參標準難識點類級試問範圍數簡論說詳釋編號內學課節關鍵來層認連線記憶應綜評價創會標籤備註錄評權綱練習測驗開條",
    "题干选项单断对错确参标准难识点类级试问范围数简论说详释编号内学课节关键来层认连线记忆应综评价创会标签备注录评权纲练习测验开条",
)
_SIMPLIFIED = str.maketrans(TRADITIONAL, SIMPLIFIED)
_EMPHASIS = re.compile(r"</?(?:b|i|u|s|sub|sup)>")
_SEPARATED = re.compile(r"[\s,，、;；|┋/&+和及]+")  # ┋ is 问卷星's
_LETTER_RUN = re.compile(r"[A-Z](?:[\s,，、;；|/&+.和及]*[A-Z])*[\s,，、;；|/&+.。]*")
_BRACKETED = re.compile(r"[(\[【]([^()\[\]【】]+)[)\]】]")
_NAMED_LETTER = re.compile(r"[(\[]\s*([A-Z])\s*[)\]]|选项\s*([A-Z])(?![A-Z])|(?<![A-Z])([A-Z])\s*选?项")
_EXPLAINED = re.compile(r"(正确|错误|对|错|√|×|✓|✗)\s*(?:[，,。；;：:]\s*(?=\S)|(?=[（(]))(\S.*)", re.DOTALL)
_LETTERS_AND_WORDS = re.compile(r"([A-Z]{2,26})\s*[.、:]\s*(\S.*)", re.DOTALL)
_LETTER_AND_WORDS = re.compile(r"[(\[]?([A-Za-z])\s*(?:[.、:)\]]\s*(?P<words>\S.*)|[(](?P<inside>[^()]+)[)])", re.DOTALL)  # B. 乙, B(乙)


def folded(text: str) -> str:
    """Return text as compared with other words: width, blanks and case do not count."""
    return loosely(text).strip("*")


def word(text: str) -> str:
    """Return text as compared with a list of the words that files use: traditional signs count as simplified ones."""
    return folded(text).translate(_SIMPLIFIED)


@lru_cache(maxsize=1000)  # a paper asks it of the beginning of every line
def read_type(text: str) -> str:
    """Return the type a word stands for; unknown words come back as they are."""
    bare = re.sub(r"[（(【\[].*$", "", text).strip()
    return _TYPE_BY_WORD.get(word(bare), _TYPE_BY_WORD.get(word(re.sub(r"^[一二三四五六七八九十]+、", "", bare)), text.strip()))


def is_any_choice(text: str) -> bool:
    """Tell whether the word only says that something is chosen, not how many."""
    return word(text) in {"选择", "选择题", "choice", "mcq", "客观题"}


def may_be_single(text: str) -> bool:
    """Tell whether the word is English for choosing among several options, which says of one key and of several the same."""
    return re.sub("[-_]", "", folded(text)) == "multiplechoice"


def is_known_type(text: str) -> bool:
    """Tell whether the word names a type."""
    return read_type(text) in _KINDS


def read_level(text: str) -> str:
    """Return the level a word stands for; unknown words come back as they are."""
    return _LEVEL_BY_WORD.get(word(text), text.strip())


def read_pool(text: str) -> str:
    """Return the pool a word stands for; unknown words come back as they are."""
    return _POOL_BY_WORD.get(word(text), text.strip())


def read_difficulty(text: str, *, as_share: bool) -> float | None:
    """Return the expected share of right responses; `as_share` says that figures are shares rather than steps 1 to 5."""
    said = word(text)
    if said in _DIFFICULTY_BY_WORD:
        return _DIFFICULTY_BY_WORD[said]
    if step := _STEP.fullmatch(said):
        return _FIVE_STEPS[len(step["stars"]) if step["stars"] else int(unicodedata.numeric(step["figure"]))]
    number = re.fullmatch(r"(\d+(?:\.\d+)?)(%?)", said)
    if not number:
        return None
    value = float(number[1])
    if number[2]:
        return value / 100 if value <= 100 else None
    if as_share:
        return value if value <= 1 else None
    return _FIVE_STEPS.get(int(value)) if value == int(value) else None


def means(text: str) -> bool | None:
    """Return whether a word means right or wrong, or None."""
    return _JUDGEMENT_BY_WORD.get(_unstopped(text))


def looks_like_judgement(key: str) -> bool:
    """Tell whether a key can only be a judgement: 对, ×, True; not A or 1, which may name an option."""
    return means(key) is not None and _unstopped(key) not in {"0", "1", "x", "t", "f", "y", "n"}


def explained_judgement(key: str) -> tuple[str, str] | None:
    """Return a judgement and the words that explain it: 错误，应为圆的; None for anything else, such as several judgements."""
    found = _EXPLAINED.fullmatch(key.strip())
    if not found or any(means(part) is not None for part in _SEPARATED.split(found[2])):
        return None
    return found[1], found[2].strip()


def _unstopped(text: str) -> str:
    return word(text).rstrip("。.!,;")


def read_key(text: str, kind: str, options: Sequence[str]) -> tuple[int, ...]:
    """Return the positions a key names, from 0; empty when it cannot be read. A position may lie beyond the options."""
    written = re.sub(r"^(?:【?(?:正确|标准|参考)?答案】?[:：]?|[应故]?选择?[:：]?\s*(?=[A-Za-z]))", "", unicodedata.normalize("NFKC", text).strip()).strip()
    if not written:
        return ()
    found = _read_key(written, kind, options)
    bare = [untagged(option) for option in options]
    if not found and (bracketed := _BRACKETED.fullmatch(written)):  # （ABD）
        return _read_key(bracketed[1].strip(), kind, options)
    if not found and (bare != list(options) or untagged(written) != written) and len(set(bare)) == len(bare):
        return _read_key(untagged(written), kind, bare)
    return found


def untagged(text: str) -> str:
    """Return text without its emphasis, as keys are typed: H2O for a lowered 2."""
    return _EMPHASIS.sub("", text) if "<" in text else text


def _read_key(written: str, kind: str, options: Sequence[str]) -> tuple[int, ...]:
    if kind == ItemType.TRUE_FALSE:
        return _judged(written, options)
    if (position := _names_option(written, options)) is not None and len(folded(options[position])) > 1:
        return (position,)  # A. be is no A, B and E; A.C may be both
    if found := _letters(written):
        # HALOGEN, DC and A, D are all letters; where the key is an option's words, only several options may still be meant by them.
        worded = _by_words(written, [], options) if len(found) > 1 else ()
        return worded if worded and (kind != ItemType.MULTIPLE or max(found) >= len(options)) else found
    numbers = [part for part in _SEPARATED.split(written) if part]
    found = _by_words(written, numbers, options) or _letters(_NAMED_LETTER.sub(_its_letter, written.upper())) or _labelled(written, options)
    if found:
        return found
    if numbers and all(part.isdecimal() and 0 < int(part) <= len(LETTERS) for part in numbers):
        return tuple(sorted({int(part) - 1 for part in numbers}))
    return ()


def _letters(written: str) -> tuple[int, ...]:
    """Return the positions of a run of letters; one letter before several is a run where they follow in turn, A、BC, and not in B. bed."""
    upper = written.upper()
    runs = re.findall("[A-Z]+", upper) if _LETTER_RUN.fullmatch(upper) else []
    letters = "".join(runs)
    if len(letters) > len(runs) > 1 == len(runs[0]) and list(letters) != sorted(set(letters)):
        return ()
    return tuple(sorted({LETTERS.index(sign) for sign in letters if sign in LETTERS}))


def _its_letter(named: re.Match[str]) -> str:
    return named[1] or named[2] or named[3]


def _labelled(written: str, options: Sequence[str]) -> tuple[int, ...]:
    """Read `A.甲` or `A.甲；B.乙`, where each letter stands before the words of its own option."""
    if several := _LETTERS_AND_WORDS.fullmatch(written):  # AB:甲;乙; as 学习通 writes it
        positions = _letters(several[1])
        named = "".join(folded(option) for at, option in enumerate(options) if at in positions) if max(positions) < len(options) else None
        return positions if named is not None and folded(several[2]).replace(";", "") == named.replace(";", "") else ()
    found = []
    for part in [written] if _names_option(written, options) is not None else re.split(r"[\n;；|,，]", written):
        if part.strip():
            found.append(_names_option(part, options))
    return tuple(sorted({position for position in found if position is not None})) if None not in found else ()


def _names_option(part: str, options: Sequence[str]) -> int | None:
    named = _LETTER_AND_WORDS.fullmatch(part.strip())
    position = LETTERS.find(named[1].upper()) if named else -1
    return position if named and 0 <= position < len(options) and folded(options[position]) == folded(named["words"] or named["inside"]) else None


def _judged(written: str, options: Sequence[str]) -> tuple[int, ...]:
    if bracketed := _BRACKETED.fullmatch(written):
        written = bracketed[1]
    if found := _by_words(written, [], options):
        return found
    verdict = False if written == "2" and (not options or means(options[0])) else means(written)  # 1 and 2 for 对 and 错
    if verdict is None and (found := _letters(_NAMED_LETTER.sub(_its_letter, written.upper()))) in {(0,), (1,)}:
        return found
    if verdict is None:
        return _labelled(written, options or ("正确", "错误"))
    # The options may stand the other way round: 错误 before 正确. Two whose words say neither have no judgement for a key.
    first, second = [*map(means, options), None, None][:2] if options else (True, False)
    if first is second is None and len(options) > 1 and _denies(folded(options[0]), folded(options[1])):
        return (0,) if verdict else (1,)
    if first is second:
        return ()
    return (0,) if verdict is (second is False if first is None else first) else (1,)


def judged(draft: Draft) -> Draft:
    """Return a judgement with 正确 before 错误, as formats without words for it have it; one whose words say neither is a single choice."""
    if draft.type != ItemType.TRUE_FALSE or draft.options == TRUE_FALSE_OPTIONS:
        return draft
    right, wrong = (_judged(verdict, draft.options) for verdict in TRUE_FALSE_OPTIONS)
    if draft.key not in {right, wrong}:
        return replace(draft, type=ItemType.SINGLE)
    told = draft.option_explanations if right == (0,) else tuple(reversed([*draft.option_explanations, "", ""][:2]))
    return replace(draft, options=TRUE_FALSE_OPTIONS, key=(0,) if draft.key == right else (1,), option_explanations=told)


def _denies(first: str, second: str) -> bool:
    """Tell whether the second word is the first with a no before or in it: 符合 and 不符合, 合法 and 违法, 可以 and 不可以."""
    said = set(first) - set("不非没无未违")
    return (
        said != set()
        and first != second
        and said == set(first)
        and any(second == first[:at] + no + first[at + kept :] for at in range(len(first)) for no in "不非没无未违" for kept in (0, 1))
    )


def _by_words(written: str, parts: Sequence[str], options: Sequence[str]) -> tuple[int, ...]:
    known = {folded(option): position for position, option in enumerate(options)}
    if folded(written) in known:
        return (known[folded(written)],)
    if parts and all(folded(part) in known for part in parts):
        return tuple(sorted({known[folded(part)] for part in parts}))
    return ()


_LABEL = r"(?:[(（]\s*([A-Za-zＡ-Ｚａ-ｚ])\s*[)）]\s*[.、．:：]?|([A-Za-zＡ-Ｚａ-ｚ])\s*[.、．:：)）])"
_LABELLED = re.compile(r"(?:^|(?<=[\s;；|,，。]))" + _LABEL + r"\s*")
_FIRST_LABEL = re.compile(rf"\s*{_LABEL}(?:(?<![.．])|(?!\s*[A-Za-z][.．]\s))\s*(?=\S)")  # B. F. Skinner has no label


def unlabelled(options: Sequence[str]) -> list[str]:
    """Return the options of cells of their own without the letters they begin with, where each begins with its own."""
    labels = [_FIRST_LABEL.match(option) for option in options]
    filled = [(position, label) for position, (option, label) in enumerate(zip(options, labels, strict=True)) if option.strip()]
    if len(filled) < 2 or any(label is None or _letter_of(label) != LETTERS[position : position + 1] for position, label in filled):
        return list(options)
    return [option[label.end() :] if label else option for option, label in zip(options, labels, strict=True)]


def are_mislabelled(options: Sequence[str]) -> bool:
    """Tell whether options begin with letters from A on that are not their own, such as B. before A.: a key's letter may mean either."""
    labels = [_FIRST_LABEL.match(option) for option in options if option.strip()]
    letters = [_letter_of(label) for label in labels if label]
    return "A" in letters and len(set(letters)) == len(labels) > 1 and unlabelled(options) == list(options)


def labelled(options: Sequence[str]) -> list[str]:
    """Return options as `unlabelled` gives them back: those that really begin with letters get their own before them."""
    if unlabelled(options) == list(options) and not are_mislabelled(options):
        return list(options)
    return [f"{letter}、{option}" if option.strip() else option for letter, option in zip(LETTERS, options, strict=False)]


def split_options(cell: str) -> list[str]:
    """Return the options of one cell: labelled A. B. C., or divided by lines, `|`, `###` or `$;$`."""
    text = cell.strip()
    labelled = _split_labelled(text)
    if labelled:
        return labelled
    for divider in ("$;$", "###", "\n", "||", "|", "；", ";", "\t"):
        parts = [part.strip() for part in text.split(divider)]
        parts = [part for part in parts if part]
        if len(parts) > 1:
            return parts
    return [text] if text else []


def _split_labelled(text: str) -> list[str]:
    """Cut before A, B, C in turn; a label out of turn is part of the words."""
    cuts: list[tuple[int, int]] = []
    for found in _LABELLED.finditer(text):
        if _letter_of(found) == LETTERS[len(cuts) : len(cuts) + 1]:
            cuts.append((found.start(), found.end()))
    if len(cuts) < 2 or cuts[0][0] != 0:
        return []
    ends = [start for start, _ in cuts[1:]] + [len(text)]
    return [text[begin:end].strip().rstrip("|;；").removesuffix("###").removesuffix("$;$").strip() for (_, begin), end in zip(cuts, ends, strict=True)]


def _letter_of(label: re.Match[str]) -> str:
    return unicodedata.normalize("NFKC", label[1] or label[2]).upper()
