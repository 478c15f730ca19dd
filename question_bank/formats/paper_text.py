"""Question papers as people type them, from Word or as plain text: numbered stems, lettered options, keys beside, inside or at the end."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from question_bank.domain.authored import doubts, draft_of, figures_are_shares, guess
from question_bank.domain.draft import Draft, loosely
from question_bank.domain.exchange import Loss, Reading
from question_bank.domain.fault import Fault, fault
from question_bank.domain.item import LETTERS, ItemType
from question_bank.domain.notation import means
from question_bank.domain.written_answer import SURE_BLANK
from question_bank.formats import markdown, paper_code, paper_lines
from question_bank.formats import paper_answers as answers
from question_bank.formats import paper_marks as marks
from question_bank.formats.paper_answers import Answer
from question_bank.formats.paper_item import CHOSEN, EMPTY, IN_BRACKETS, TELLS, Item, Material, authored, keyed_below, with_key_taken
from question_bank.formats.paper_lines import Line
from question_bank.formats.paper_marks import Opaque, Section

_LOOKAHEAD, _FAR = 12, 300
_EARNED = re.compile(r"\d{1,3}(?:\.\d)?\s*分")  # what 学习通 writes below an answer
_OPTIONS_FOLLOW = re.compile(r"选项\s*[:：]")
_KEY_BELOW = re.compile(r"[【\[]?\s*(?:[参參]考|[标標][准準]|正[确確])答案\s*[】\]]?")
_LETTERS = re.compile(r"[A-Z][A-Z\s,，、]*+")


def looks_like(words: str) -> bool:
    """Tell whether a text holds a paper: a numbered or keyed item at least."""
    bare = [Line(marks.unwrapped(text.strip()), number) for number, text in markdown.lines("\n".join(words.split("\n")[:2000]))]
    lines = [line.text for line in paper_lines.usual(bare)]
    keyed = sum(1 for line in lines if (found := marks.FIELD.search(line)) and marks.role_of(found) == "key" and found["before"] != "answer")
    optioned = sum(1 for line in lines if marks.letter_at(line) == "A" or len(marks.cuts(line, 0)) > 1)
    numbered = sum(1 for line in lines if marks.STEM.match(line))
    recorded = sum(1 for line in bare if paper_lines.STEM_FIELD.match(line.text))
    told = sum(1 for line in lines if TELLS.search(line))
    bracketed = sum(1 for line in lines if marks.STEM.match(line) and IN_BRACKETS.search(line))
    answered = bracketed > 1 or any(map(marks.ANSWERS.fullmatch, lines))
    headed = any((section := marks.heading(line)) and section.type for line in lines)
    return bool(keyed or recorded > 1 or (numbered and (told or optioned)) or (numbered > 1 and answered) or headed)


def read_text(words: str) -> Reading:
    """Return the items of a plain text."""
    drafts, losses, refused = read([Line(line, number) for number, line in markdown.lines(words)], "行")
    return Reading("text", tuple(drafts), tuple(losses), tuple(refused))


def read(lines: Sequence[Line], unit: str) -> tuple[list[Draft], list[Loss], list[tuple[Draft, Fault]]]:
    """Return the drafts, what was not kept, and what could not be read; `unit` is the word for a line: 段 or 行."""
    reader = _Reader(lines, unit)
    reader.read()
    return reader.drafted()


class _Reader:
    def __init__(self, lines: Sequence[Line], unit: str) -> None:
        self.held, self.unit = Opaque(), unit
        self.lines = paper_lines.usual([Line(marks.unwrapped(self.held.hide(line.text.strip(" \t\u3000\u00a0"))), line.number) for line in lines])
        self.followed_by = _followed_by(self.lines)
        self.sections = [Section("", "")]
        self.materials: list[Material] = []
        self.material: Material | None = None
        self.items: list[Item] = []
        self.numbered: dict[int, list[int]] = defaultdict(list)  # where the items of each number are: it begins again in each section
        flattened = paper_code.flattened((line.number, line.text) for line in lines)
        self.losses = [Loss(f"第 {number} {self.unit}", "代码行首的缩进未保留") for number in flattened]
        self.item: Item | None = None
        self.answer: Answer | None = None
        self.role = self.said = "key"  # what the line is about, and what a number among the answers begins
        self.answered: set[int] = set()
        self.guessed: dict[int, int] = {}  # the items that got theirs by number alone, and the first item that might have been meant
        self.in_answers, self.pointer, self.cursor = False, -1, 0
        self.first = 0  # the first item that answers without a heading may mean: those above had theirs
        self.is_numbered = any(marks.STEM.match(line.text) for line in self.lines)

    def read(self) -> None:
        """Go through the lines once."""
        after_blank = True
        for at, line in enumerate(self.lines):
            is_blank = not line.text or self._is_drawn(at, line)
            if not is_blank and not (self.in_answers and self._answers(at, line)):
                self._line(at, line, after_blank=after_blank)
            after_blank = is_blank
        self._close_answer()
        self._take_keys_below()
        self._drop_doubted()
        self._tell_materials()

    def _is_drawn(self, at: int, line: Line) -> bool:
        """Tell whether the line is drawn between items or their parts, and not in a text (the bar of a sum); tell of it within an item."""
        if not marks.DRAWN.fullmatch(line.text):
            return False
        following = self.followed_by[at]
        if not following or self.item is None or marks.STEM.match(following) or marks.heading(following) or marks.ANSWERS.fullmatch(following):
            return True
        if not self.is_numbered and "key" in self.item.fields:
            return True
        if not marks.FIELD.match(following) and not marks.letter_at(following):
            return False
        self.losses.append(Loss(f"第 {line.number} {self.unit}", f"试题中的分隔线“{line.text[:10]}”未导入"))
        return True

    def _line(self, at: int, line: Line, *, after_blank: bool) -> None:
        section = None if self._opens_answers(at, line) else marks.heading(line.text)  # 四、答案 is headed as a section is
        if section and section.chapter and self.item and self._lists(at, self.item):
            section = None
        if self.item and marks.MINE in self.item.fields and self.item.at_role in {marks.MINE, "key"} and _EARNED.fullmatch(line.text):
            return
        if section:
            self._enter(section, line)
        elif (numbers := marks.shared(line.text)) is not None and self._is_over(numbers):
            self._share(numbers, line)
        elif self._answers_above(at, line):
            return
        elif (found := marks.STEM.match(line.text)) and self._is_stem(at, found):
            style, number = marks.style(found)
            self._open(number, line, style)
            self._feed(found["tags"] + line.text[found.end() :], line)
        elif not self.is_numbered and after_blank and (self.item is None or "key" in self.item.fields) and not marks.FIELD.match(line.text):
            self._open(len(self.items) + 1, line, "")
            self._feed(line.text, line)
        elif self.item and self.item.at_role in {"stem", "option"} and _KEY_BELOW.fullmatch(marks.untagged(line.text)):
            self._feed("答案：", line)
        elif not (self.item and _OPTIONS_FOLLOW.fullmatch(line.text)):
            self._feed(line.text, line)

    def _open(self, number: int, line: Line, style: str) -> None:
        self.item = Item(number, len(self.sections) - 1, line.number, style, self.material if self.material and number in self.material.numbers else None)
        self.item.at = self.item.stem
        self.numbered[number].append(len(self.items))
        self.items.append(self.item)

    def _enter(self, section: Section, line: Line) -> None:
        shares = section.chapter and marks.shared(line.text)
        if section.chapter and not shares and (not self.items or (self.item and self.item.at_role == "stem" and not section.chapter.startswith("第"))):
            self._lose(line)  # before the first item, or part of a stem as it may be
        above = self.sections[-1]
        if section.chapter and (above.chapter or all(item.section < len(self.sections) - 1 for item in self.items[-1:])):
            section = replace(section, type=above.type, points=above.points)  # types above chapters, and not in them
        self.sections.append(section)
        self.item = self.material = None
        if shares:
            self._share(shares, line)

    def _is_over(self, numbers: range) -> bool:
        """Tell whether the item is over above a material for items of these numbers, or of numbers that it does not tell."""
        if self.item is None or not numbers:
            return self.item is None or self.item.is_whole
        return numbers.start > self.item.number and (self.item.is_whole or numbers.start == self.item.number + 1)

    def _share(self, numbers: range, line: Line) -> None:
        self.item, self.material = None, Material(numbers, [(line.text, line.number)])
        self.materials.append(self.material)

    def _tell_materials(self) -> None:
        """Tell of each material that stands in its items now, or that there are none of its numbers."""
        taken = {id(item.material) for item in self.items}
        for material in self.materials:
            if id(material) in taken:
                self.losses.append(Loss(f"第 {material.lines[0][1]} {self.unit}", "阅读材料已并入依附于它的各题"))
            else:
                for text, number in material.lines:
                    self._lose(Line(text, number))

    def _answers_above(self, at: int, line: Line) -> bool:
        """Read a line that begins the answers, or answers items above it where it stands; False for any other line."""
        said = ""
        if several := self._beside(at, line):
            for answer in several:
                self._give(answer)
        elif self._opens_answers(at, line) or (said := self._of_sections(line)):
            self.in_answers, self.pointer, self.cursor, self.item = True, -1, self.first, None
            if said:
                self._answers(at, Line(said, line.number))
        elif (found := marks.STEM.match(line.text)) and (lacking := self._answered_by(line, found)):
            if self.item and lacking == [self.item]:  # 3.【答案】B right below item 3
                self._feed(line.text[found.end() :], line)
            else:
                self._open_answers()
                self._answers(at, line)
        else:
            return False
        return True

    def _beside(self, at: int, line: Line) -> list[Answer]:
        """Return the answers in a line such as `参考答案：1.C 2.B`, where it answers items above: those of this section, or of all."""
        words = marks.untagged(line.text)
        if not self.item or not (opened := marks.ANSWERS.match(words)):
            return []
        said, ends = words[opened.end() :], not self.followed_by[at] or marks.heading(self.followed_by[at]) is not None
        several = answers.entries(said, line.number)
        several = several if len(several) > 1 or marks.STEM.match(said.strip()) else []  # 2A may be an amount
        if not several and not ends:
            return []  # before all items are looked through: most have a key of this form
        here = [each for each, item in enumerate(self.items) if item.section == self.item.section]
        if ends and (found := self._in_turn(here, said, line)):
            return found
        numbers = {each.number for each in several}
        for pointer, asked in ((self.item.section, here), (-1, list(range(len(self.items))))):
            lacking = [each for each in asked if "key" not in self.items[each].fields]
            if several and numbers <= {self.items[each].number for each in (asked if len(several) > 1 else lacking)}:
                self.pointer, self.cursor = pointer, next(iter(lacking), asked[0])
                return several
        return []

    def _of_sections(self, line: Line) -> str:
        """Return what stands behind 答案 in a line that answers several sections: 答案：一、ABC 二、√×."""
        words = marks.untagged(line.text)
        said = words[opened.end() :] if self.items and (opened := marks.ANSWERS.match(words)) else ""
        return said if len(self._parts(said)) > 1 else ""

    def _in_turn(self, asked: Sequence[int], words: str, line: Line) -> list[Answer]:
        """Return the judgements, or letters, that stand without numbers below as many items of a section: 答案：对错对."""
        lacking = [at for at in asked if "key" not in self.items[at].fields and not IN_BRACKETS.search("".join(self.items[at].stem))]
        if len(lacking) < 2 or lacking != asked:
            return []
        kind = self.sections[self.items[asked[-1]].section].type
        kinds = [kind] if kind or not all(self.items[at].options for at in asked) else [ItemType.SINGLE, ItemType.MULTIPLE]  # 选择题 says neither
        signs = next((signs for kind in kinds if len(signs := answers.in_turn(words, kind)) == len(lacking)), [])
        if signs:
            self.pointer, self.cursor = self.items[asked[-1]].section, lacking[0]
        return [Answer(self.items[at].number, {"key": [sign]}, line.number) for at, sign in zip(lacking, signs, strict=False)]

    def _opens_answers(self, at: int, line: Line) -> bool:
        words = marks.untagged(line.text)
        if not self.items or not marks.ANSWERS.fullmatch(words):
            return False
        following = [each.text for each in self.lines[at + 1 : at + 6] if each.text][:2]
        if not following:
            return False
        is_list = (
            answers.looks_like(following[0])
            or bool(self._parts(following[0]))
            or self._is_table(following[0]) is not None
            or any(map(self._is_seen, following))
        )
        is_list |= bool((section := marks.heading(following[0])) and section.type)
        if not is_list and marks.STEM.match(following[0]):
            # 答案： alone, then numbers: the answers of all items when others still lack theirs, else a list in this one's.
            lacking = [item for item in self.items if item is not self.item and "key" not in item.fields and not IN_BRACKETS.search("".join(item.stem))]
            return not words.endswith((":", "：")) or bool(lacking)
        return is_list

    def _is_seen(self, text: str) -> bool:
        """Tell whether a line is headed as a section or a chapter above is."""
        section = marks.heading(text)
        return section is not None and any(answers.alike(section, self.sections[1:]))

    def _answered_by(self, line: Line, found: re.Match[str]) -> list[Item]:
        """Return the items without a key that a line such as `3.【答案】B` may answer; none for any other line."""
        field = marks.FIELD.match(line.text[found.end() :])
        of_number = [self.items[at] for at in self.numbered.get(marks.style(found)[1], ())]
        return [item for item in of_number if "key" not in item.fields] if field and marks.role_of(field) == "key" else []

    def _open_answers(self) -> None:
        """Take what follows as answers to the items above, though no heading says so."""
        self.pointer = -1
        if self.item is None and len(self.sections) > 1 and all(each.section != len(self.sections) - 1 for each in self.items):
            self.pointer, _lacks = self._meant(self.sections.pop())  # the heading stands above the items and again above their answers
        self.in_answers, self.cursor, self.item = True, self.first, None

    def _is_stem(self, at: int, found: re.Match[str]) -> bool:
        style, number = marks.style(found)
        if self.item is None:
            return style != "bare" or number == 1
        if style == "bare" and self.item.style != "bare":
            return False
        follows = number == self.item.number + 1
        if self.item.at_role == "key" and not self.item.at and self._is_text(self.item):
            return False
        if self.item.at_role in {"explanation", marks.MINE} or (self.item.at_role == "key" and self._is_text(self.item)):
            # A numbered list inside an explanation, or the next item?
            return (follows and style == self.item.style and not self._is_listed(at)) or (self._asks(at) and style == self.item.style)
        if follows and (style == self.item.style or self.item.is_whole):
            return True
        above = self.item.style == "round" and self._asks(at)  # 1. stands above （1）, and is no part of it
        return self.item.is_whole and (style == self.item.style or above)

    def _lists(self, at: int, item: Item) -> bool:
        """Tell whether 一、… lists something in an item: in the sentences of its answer, or in a stem whose options or key are still to come."""
        if item.at_role == "explanation" or (item.at_role == "key" and not item.options):
            return marks.is_listed(self.lines[at].text, item.at)
        return item.at_role == "stem" and self.is_numbered and self._asks(at)

    def _is_text(self, item: Item) -> bool:
        return self.sections[item.section].type in {ItemType.SHORT_TEXT, ItemType.FILL_IN}

    def _is_listed(self, at: int) -> bool:
        """Tell whether the line goes on a list that began with 1 since the item's last field."""
        assert self.item is not None
        return any((found := marks.STEM.match(text)) and marks.style(found)[1] == 1 for text in self.item.at) and not self._asks(at)

    def _asks(self, at: int) -> bool:
        """Tell whether options or a key follow before the next number."""
        if IN_BRACKETS.search(self.lines[at].text) or marks.FIELD.search(self.lines[at].text) or len(marks.cuts(self.lines[at].text, 0)) > 1:
            return True
        for line in self.lines[at + 1 : at + 1 + _LOOKAHEAD]:
            if found := marks.FIELD.match(line.text):
                return marks.role_of(found) == "key"
            if marks.letter_at(line.text) == "A":
                return True
            if marks.STEM.match(line.text):
                return False
        return False

    def _lose(self, line: Line) -> None:
        words = self.held.show(marks.untagged(line.text))
        self.losses.append(Loss(f"第 {line.number} {self.unit}", f"“{words[:40]}”不属于任何试题，未导入"))

    def _feed(self, text: str, line: Line) -> None:
        """Give the words of a line to the item: what stands before the first field, then each field."""
        item = self.item
        if item is None and self.material:
            self.material.lines.append((line.text, line.number))
            return
        if item is None:
            self._lose(line)
            return
        found = list(marks.FIELD.finditer(text))
        begin = found[0].start() if found else len(text)
        if text[:begin].strip():
            self._words(item, text[:begin])
        for each, end in zip(found, _ends([later.start() for later in found], text), strict=True):
            role = marks.role_of(each)
            item.at_role, item.at = role, item.fields.setdefault(role, [])
            words = text[each.end() : end].strip(" \t\u3000")
            if role == "key" and item.options and item.at and _contradicts(item.at[0], words):
                words = f"答案：{words}"  # the number between two items was not seen: two keys are none
            if words.strip():
                item.at.append(words)

    def _words(self, item: Item, text: str) -> None:
        tags = re.match(r"(?:<[bius]>)*", text)
        letter = marks.letter_at(text[tags.end() :]) if tags else ""
        goes_on = item.at_role in {"explanation", "key"} and item.at_role in item.fields
        if letter and tags and tags.end() and not goes_on:
            text = text[tags.end() :]
        cuts = [] if goes_on and not (item.at_role == "key" and not item.options) else marks.cuts(text, len(item.options))
        if not cuts and letter and item.options and not goes_on:
            # A letter out of its turn still begins an option: the item is then refused, not run together.
            cuts = [(0, found.end())] if (found := marks.LABEL.match(text)) else []
            item.letters += letter if cuts else ""
        elif cuts:
            item.letters += LETTERS[len(item.options) : len(item.options) + len(cuts)]
        if len(cuts) > 1 and all(end == begin and text[end - 1] == "、" for (_, end), (begin, _) in pairwise(cuts)):
            cuts, item.letters = [], item.letters[: len(item.options)]  # A、B、C、D 四种: letters that are talked of
        before = text[: cuts[0][0]] if cuts else text
        if before.strip():
            item.at.append(before.strip(" \t\u3000"))
        for (_begin, begin), end in zip(cuts, _ends([start for start, _ in cuts], text), strict=True):
            words = text[begin:end].strip(" \t\u3000;；|") if end < len(text) else text[begin:end].strip()
            item.options.append([words] if words else [])
            item.at_role, item.at = "option", item.options[-1]

    # --- the answers at the end

    def _answers(self, at: int, line: Line) -> bool:
        """Read a line among the answers; False when the items go on."""
        if parts := self._parts(line.text):
            for over, behind in parts:
                self._close_answer()
                self.pointer, _lacks = self._meant(over)
                if several := self._in_turn([each for each, item in enumerate(self.items) if item.section == self.pointer], behind, line):
                    self._answer_all(several)
                elif behind:
                    self._entry(at, Line(behind, line.number))
            return True
        section = marks.heading(line.text)
        if section and section.chapter and self.answer and marks.is_listed(line.text, self.answer.fields.get(self.role, ())):
            section = None
        if section:
            self._close_answer()
            meant, lacks = self._meant(section)
            if not lacks and self._goes_on(at, section, meant):
                self.in_answers, self.first, self.said = False, len(self.items), "key"
                return False
            self.pointer = meant
            return True
        if self._opens_explanations(at, line):
            self._close_answer()
            self.pointer, self.cursor, self.answered, self.said = -1, self.first, set(), "explanation"
        else:
            self._entry(at, line)
        return True

    def _parts(self, text: str) -> list[tuple[Section, str]]:
        """Return the sections that a line names with answers behind each, or below a mere 三、; none where it goes on a list in an answer."""
        parts = answers.parts(text)
        if all(answers.looks_like(behind) for _section, behind in parts):
            return parts
        listed = self.answer is not None and marks.is_listed(text, self.answer.fields.get(self.role, ()))
        return parts if not listed and all(self._leads(*part) for part in parts) else []

    def _leads(self, section: Section, behind: str) -> bool:
        name = section.ordinal or section.type
        known = any(name == (each.ordinal if section.ordinal else each.type) for each in self.sections)
        return known and bool(marks.STEM.match(behind) or answers.all_in_turn(behind) or not (behind or section.type))

    def _entry(self, at: int, line: Line) -> None:
        """Read what stands under the headings: one answer or several, or more of the last."""
        table = self._is_table(line.text)
        several = answers.entries(line.text, line.number) if table is None else answers.of_table(table, line.number)
        if several and self.said == "key":
            self._answer_all(several)
        elif (found := marks.STEM.match(line.text)) and self._is_next_answer(at, marks.style(found)[1]):
            for number, words in self._in_one_line(*marks.style(found), found["tags"] + line.text[found.end() :]):
                self._close_answer()
                self.answer, self.role = Answer(number, {}, line.number), self.said
                self._answer_fields(words)
        elif self.answer is not None:
            self._answer_fields(line.text)
        elif not marks.ANSWERS.fullmatch(marks.untagged(line.text)):
            self._lose(line)

    def _opens_explanations(self, at: int, line: Line) -> bool:
        """Tell whether a line heads explanations of every item, numbered as the items are; else a list explains the last answer."""
        words = marks.untagged(line.text)
        field, items = marks.FIELD.fullmatch(words), range(self.first, len(self.items))
        heads = (marks.ANSWERS.fullmatch(words) and "解析" in words) or (field and marks.role_of(field) == "explanation")
        if (
            not heads
            or not (marks.STEM.match(self.followed_by[at]) or marks.heading(self.followed_by[at]))
            or any("key" not in self.items[each].fields and each not in self.answered for each in items[:-1])
        ):
            return False
        behind = {marks.style(found)[1] for each in self.lines[at + 1 :] if (found := marks.STEM.match(each.text))}
        return {self.items[each].number for each in items} <= behind

    def _meant(self, section: Section) -> tuple[int, bool]:
        """Return which of the paper's sections a heading among the answers means, -1 for none or several, and whether it lacks answers."""
        found = [[at for at in alike if at] for alike in answers.alike(section, self.sections)]
        if section.chapter and found[0]:
            begins = [next((at for at, item in enumerate(self.items) if item.section >= chapter), len(self.items)) for chapter in found[0]]
            self.cursor = next((at for at in begins if at >= self.cursor), begins[0])
        lacking = sorted((at for at in range(len(self.items)) if at not in self.answered), key=lambda at: at < self.cursor)
        for alike in found:  # chapters have sections of the same names: the next one is meant
            if (next_one := next((at for at in lacking if self.items[at].section in alike), None)) is not None:
                self.cursor = max(self.cursor, next_one)
                return self.items[next_one].section, True
        return (-1 if section.chapter else next((alike[0] for alike in found if alike), -1)), False

    def _goes_on(self, at: int, section: Section, meant: int) -> bool:
        """Tell whether items follow a heading among the answers that lacks none: what asks, or a chapter's first number after all others are answered."""
        following = next((each for each in range(at + 1, len(self.lines)) if self.lines[each].text and not marks.heading(self.lines[each].text)), None)
        if following is None or answers.looks_like(text := self.lines[following].text):
            return False
        if meant < 0 and self._asks(following):
            return True
        if not marks.STEM.match(text) or marks.FIELD.search(text):
            return False
        is_new = section.chapter and section.chapter not in {each.chapter for each in self.sections}
        are_answered = all(each in self.answered or "key" in item.fields for each, item in enumerate(self.items))
        return EMPTY.search(text) is not None or self._asks(following) or bool(is_new and are_answered)

    def _is_next_answer(self, at: int, number: int) -> bool:
        """Tell whether a number opens an answer: the next one, or a later one when no answer to those between follows."""
        if self.answer is None or number in {self.answer.number + 1, 1}:
            return True
        if number <= self.answer.number or number not in self.numbered:
            return False
        following = (marks.STEM.match(line.text) for line in self.lines[at + 1 : at + 1 + _FAR])
        return not any(found and self.answer.number < marks.style(found)[1] < number for found in following)

    def _in_one_line(self, style: str, number: int, text: str) -> list[tuple[int, str]]:
        """Return the answers that stand behind each other (`1.B 2.北京 3.√`; `91.87。2. 0.2～0.8`); what explains one or answers at length may hold numbers."""
        parts, sign = [], r"(?<=[。；;，,\s]){}(?:[.．](?!\d)|、)"
        if style == "round":
            sign = (
                "[（(]{}[)）]" if all(len(SURE_BLANK.findall("".join(item.stem))) < 2 for item in self._meant_by(number)) else "(?!)"
            )  # else its blanks are numbered
        while (types := self._types(number + 1)) and ItemType.SHORT_TEXT not in types | self._types(number):
            cut = re.search(sign.format(number + 1), text)
            if not cut or marks.FIELD.search(text[: cut.start()]) or not (ItemType.FILL_IN in self._types(number) or answers.is_key(text[: cut.start()])):
                break
            parts.append((number, text[: cut.start()]))
            number, text = number + 1, text[cut.end() :]
        return [*((at, words.strip(" \t\u3000。；;，,")) for at, words in [*parts, (number, text)])] if parts else [(number, text)]

    def _types(self, number: int) -> set[str]:
        """Return the types of the items that an answer's number may mean; what no section tells, a blank to write on does."""
        return {
            self.sections[item.section].type or (ItemType.FILL_IN if SURE_BLANK.search("".join(item.stem)) and not item.options else "")
            for item in self._meant_by(number)
        }

    def _meant_by(self, number: int) -> list[Item]:
        return [self.items[at] for at in self.numbered.get(number, ()) if self.pointer in {-1, self.items[at].section}]

    def _is_table(self, text: str) -> str | None:
        shown = self.held.revealed(text)
        return shown if shown.startswith("<table>") else None

    def _answer_fields(self, text: str) -> None:
        assert self.answer is not None
        found = list(marks.FIELD.finditer(text))
        before = text[: found[0].start()] if found else text
        if before.strip():
            self.answer.fields.setdefault(self.role, []).append(before.strip(" \t\u3000"))
        for each, end in zip(found, _ends([later.start() for later in found], text), strict=True):
            self.role = marks.role_of(each)
            self.answer.fields.setdefault(self.role, []).append(text[each.end() : end].strip(" \t\u3000"))

    def _answer_all(self, several: Sequence[Answer]) -> None:
        self._close_answer()
        if len(several) == 1:  # an explanation may follow, or more of a model response that began with a letter
            self.answer = several[0]
            self.role = "key" if self._types(self.answer.number) == {ItemType.SHORT_TEXT} else "explanation"
            return
        for answer in several:
            self._give(answer)

    def _close_answer(self) -> None:
        if self.answer is not None:
            self._give(self.answer)
        self.answer = None

    def _give(self, answer: Answer) -> None:
        """Give an answer to its item: the next of that number, in the section the answers are at."""
        fits = [at for at in self.numbered.get(answer.number, ()) if at not in self.answered and self._is_meant(at)]
        again = [at for at in self.numbered.get(answer.number, ()) if self._is_meant(at)]
        at = next((at for at in fits if at >= self.cursor), fits[0] if fits else again[0] if len(again) == 1 else None)
        if at is None:
            self.losses.append(Loss(f"第 {answer.line} {self.unit}", f"第 {answer.number} 题的答案没有对应的试题，未导入"))
            return
        self.answered.add(at)
        self.cursor = at + 1
        if self.pointer < 0:
            self.guessed[at] = self.first
        for role, texts in answer.fields.items():
            held = self.items[at].fields.setdefault(role, texts)
            if role == "key" and held and texts and _contradicts(held[0], texts[0]):
                held.append(f"答案：{texts[0]}")  # said below the item otherwise: two keys are none
            elif role == "explanation" and held != texts:
                held += texts
            elif held != texts and (not fits or (role == "key" and held and texts and _differs(held[0], texts[0]))):
                self.losses.append(Loss(f"第 {answer.line} {self.unit}", f"第 {answer.number} 题另有答案“{texts[0][:60]}”，未导入"))

    def _is_meant(self, at: int) -> bool:
        return at >= self.first if self.pointer < 0 else self.pointer == self.items[at].section

    def _drop_doubted(self) -> None:
        """Drop what was said of a number alone where another item of that number and kind was left without an answer."""

        def kind(item: Item) -> tuple[int, str, bool]:
            return item.number, self.sections[item.section].type, bool(item.options)

        lacking = {kind(item): at for at, item in enumerate(self.items) if "key" not in item.fields and not IN_BRACKETS.search("".join(item.stem))}
        for at, first in self.guessed.items():
            item = self.items[at]
            if lacking.get(kind(item), -1) >= first and (key := "".join(item.fields.pop("key", []))):
                self.losses.append(Loss(f"第 {item.number} 题（第 {item.line} {self.unit}）", f"答案“{key[:40]}”可能属于另一道同号的题，未导入"))

    def _take_keys_below(self) -> None:
        """Take letters below the last option as keys where most items of the paper have them there: a single one may be the option's words."""
        asked = [item for item in self.items if len(item.options) > 1]
        keyed = [item for item in asked if "key" not in item.fields and keyed_below(item)]
        for item in keyed if len(keyed) * 2 > len(asked) else ():
            item.fields["key"] = [item.options[-1].pop()]

    # --- items become drafts

    def drafted(self) -> tuple[list[Draft], list[Loss], list[tuple[Draft, Fault]]]:
        """Return every item as a draft, or why it is none."""
        drafts: list[Draft] = []
        refused: list[tuple[Draft, Fault]] = []
        shares = figures_are_shares(["".join(item.fields.get("difficulty", [])) for item in self.items])
        if answered := next((item for item in self.items if marks.MINE in item.fields), None):
            self.losses.append(Loss(f"第 {answered.line} {self.unit}", "学员的作答（我的答案）和得分未导入"))
        for item in self.items:
            written, kind = authored(item, self.sections[item.section], self.held, self.unit)
            if not kind and len(item.options) < 2 and not written.cell("key"):
                self.losses.append(Loss(written.place, f"“{written.cell('stem')[:40]}”没有选项也没有答案，未作为试题导入"))
            elif item.letters != LETTERS[: len(item.letters)]:
                refused.append((draft_of(written, kind or guess(written), as_share=shares), fault("block_unreadable")))
            else:
                drafts.append(draft_of(written, kind or guess(written), as_share=shares))
                self.losses += [Loss(written.place, what) for what in doubts(written, drafts[-1])]
                if drafts[-1].type in CHOSEN and drafts[-1].key and (shown := item.shown or with_key_taken(written.cell("stem"))[1]):
                    self.losses.append(Loss(written.place, f"题干的括号里是“{shown}”，与答案不同：按答案导入，请核对"))
        return drafts, self.losses, refused


def _followed_by(lines: Sequence[Line]) -> list[str]:
    """Return for each line the next one with words in it, empty behind the last."""
    found, words = [], ""
    for line in reversed(lines):
        found.append(words)
        if line.text and not marks.DRAWN.fullmatch(line.text):
            words = line.text
    return found[::-1]


def _contradicts(key: str, other: str) -> bool:
    """Tell whether two keys are letters or judgements, and not the same ones."""
    if _LETTERS.fullmatch(key) and _LETTERS.fullmatch(other):
        return set(LETTERS) & set(key) != set(LETTERS) & set(other)
    return {means(key), means(other)} == {True, False}


def _differs(key: str, other: str) -> bool:
    """Tell whether two answers say other things: A and A. 甲 say the same, and so do 对 and √."""
    if means(key) is not None and means(other) is not None:
        return means(key) is not means(other)
    one, two = (re.sub(r"[\W_]", "", loosely(text)) for text in (key, other))
    return not (one.startswith(two) or two.startswith(one))


def _ends(starts: Sequence[int], text: str) -> list[int]:
    """Return where each part ends: at the next one's start, the last at the end of the text."""
    return [*starts[1:], len(text)][: len(starts)]
