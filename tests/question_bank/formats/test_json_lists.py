"""Lists of items in other projects' JSON: wherever they stand, each item is read once and with its own key, and what is left out is told."""

import json

import pytest

from question_bank.domain.exchange import Reading
from question_bank.formats import json_lists, reading
from question_bank.formats.unreadable import FileTooLarge, Unreadable

ITEM = {"question": "一加一", "options": ["1", "2"], "answer": "B"}


def read(held: object) -> Reading:
    return reading.read(json.dumps(held, ensure_ascii=False).encode())


def seen(found: Reading) -> list[tuple[str, str, tuple[int, ...]]]:
    return [(draft.place, draft.stem, draft.key) for draft in found.drafts]


def told(found: Reading) -> set[tuple[str, str]]:
    return {(loss.place, loss.what) for loss in found.losses}


def test_lists_are_found_however_deep_also_where_another_stands_above() -> None:
    deep: object = [ITEM]
    for name in "gfedcb":
        deep = {name: deep}
    assert seen(read({"a": deep, "近": [{**ITEM, "question": "在上面", "answer": "A"}]})) == [("g 第 1 题", "一加一", (1,)), ("近 第 1 题", "在上面", (0,))]


def test_sections_of_sections_call_their_items_by_their_titles() -> None:
    judged = {"question": "天是蓝的", "answer": "对"}
    parts = [{"name": "第一部分", "sections": [{"title": "单选题", "questions": [ITEM]}, {"title": "判断题", "questions": [judged], "note": "每题2分"}]}]
    found = read({"paper": {"parts": parts}})
    assert seen(found) == [("单选题 第 1 题", "一加一", (1,)), ("判断题 第 1 题", "天是蓝的", (0,))]
    assert found.drafts[1].type == "true_false"
    assert told(found) == {("判断题", "字段“note”未导入")}


def test_items_by_their_numbers_are_read() -> None:
    assert seen(read({"1": ITEM, "2": {**ITEM, "question": "二"}})) == [("第 1 题", "一加一", (1,)), ("第 2 题", "二", (1,))]
    assert seen(read({"data": {"single": {"q1": ITEM}}})) == [("single 第 1 题", "一加一", (1,))]


def test_the_items_behind_a_material_carry_it_and_its_labels() -> None:
    children = [{**ITEM, "type": "单选题"}, {"type": "判断题", "question": "是吗", "answer": "错误", "topic": "自己的"}]
    found = read([{"type": "材料题", "content": "阅读材料", "topic": "读", "author": "某", "children": children}, {**ITEM, "question": "平常"}])
    assert seen(found) == [("第 1 题（1）", "阅读材料\n一加一", (1,)), ("第 1 题（2）", "阅读材料\n是吗", (1,)), ("第 2 题", "平常", (1,))]
    assert [draft.topic for draft in found.drafts] == ["读", "自己的", ""]
    assert told(found) == {("第 1 题", "阅读材料已并入依附于它的各题"), ("第 1 题", "字段“author”未导入")}


def test_an_item_that_holds_further_ones_stays_an_item() -> None:
    found = read([{**ITEM, "children": [{**ITEM, "question": "又一题", "answer": "A"}]}])
    assert seen(found) == [("第 1 题", "一加一", (1,)), ("第 1 题（1）", "一加一\n又一题", (0,))]


@pytest.mark.parametrize("held", [[{"student": "某甲", "answers": [ITEM]}, {"student": "某乙", "answers": [{**ITEM, "answer": "A"}]}], [{**ITEM, "学号": "1"}]])
def test_what_learners_answered_is_no_bank(held: object) -> None:
    with pytest.raises(Unreadable):
        read(held)


def test_what_learners_answered_beside_a_bank_is_told() -> None:
    found = read({"bank": [{**ITEM, "records": [{**ITEM, "answer": "A", "student": "某甲"}]}], "papers": [{"student": "某甲", "answers": [ITEM]}]})
    assert seen(found) == [("第 1 题", "一加一", (1,))]
    assert told(found) == {("第 1 题", "字段“records”未导入"), ("papers", "学员的作答（我的答案）和得分未导入")}


def test_a_stem_may_be_a_list_or_an_object_with_words_and_is_refused_otherwise() -> None:
    found = read([{**ITEM, "question": ["一", "二"]}, {**ITEM, "question": {"text": "三", "image": "x.png"}}, {**ITEM, "question": {"a": "四"}}])
    assert seen(found) == [("第 1 题", "一\n二", (1,)), ("第 2 题", "三", (1,))]
    assert told(found) == {("第 2 题", "字段“question.image”未导入")}
    assert [(draft.place, why.code) for draft, why in found.refused] == [("第 3 题", "field_wrong_type")]


def test_stems_by_several_names_are_one_column_unless_an_item_has_both() -> None:
    other = {"content": "二", "options": ["1", "2"], "answer": "A"}
    assert [stem for _place, stem, _key in seen(read([ITEM, other]))] == ["一加一", "二"]
    both = read([ITEM, {**other, "question": "三"}])
    assert [stem for _place, stem, _key in seen(both)] == ["一加一", "三"]
    assert any("content" in loss.what for loss in both.losses)


def test_options_may_be_pairs_of_letter_and_words() -> None:
    (draft,) = read([{**ITEM, "options": [["B", "乙"], ["A", "甲"]]}]).drafts
    assert (draft.options, draft.key) == (("甲", "乙"), (1,))


def test_pictures_and_fields_nobody_knows_are_told_of_each_item_that_has_them() -> None:
    options = [{"label": "A", "text": "甲", "image": "a.png"}, {"label": "B", "text": "乙"}]
    found = read([{**ITEM, "img": "x.png", "comments": []}, {**ITEM, "options": options}])
    assert told(found) == {("第 1 题", "字段“img”未导入"), ("第 2 题", "字段“选项A.image”未导入")}


def test_two_orders_that_differ_are_no_key() -> None:
    asked = {"题型": "排序题", "题目": "排", "选项A": "甲", "选项B": "乙", "选项C": "丙", "答案": "BAC"}
    assert [key for _place, _stem, key in seen(read([asked, {**asked, "正确答案": "B,A,C"}, {**asked, "正确答案": "CAB"}]))] == [(1, 0, 2), (1, 0, 2), ()]
    several = {"题型": "多选题", "题目": "选", "选项A": "甲", "选项B": "乙", "选项C": "丙", "答案": "BC", "正确答案": "C,B"}
    found = read([several])
    assert (found.drafts[0].key, found.losses) == ((1, 2), ())


@pytest.mark.parametrize(
    "material",
    [
        {"content": "长" * 100_000, "children": [ITEM] * 1_000},
        {"content": "材料", "tags": ["长"] * 100_000, "children": [ITEM] * 1_000},
    ],
)
def test_a_material_shared_by_too_many_is_too_large(material: object) -> None:
    with pytest.raises(FileTooLarge):
        read([material])
    with pytest.raises(FileTooLarge):
        read([{"content": "长" * 30_000, "children": [ITEM] * 100}] * 20)


def test_depth_ends_in_no_error() -> None:
    assert not json_lists.read("[" * 900 + "]" * 900).sheets
    assert not json_lists.read('{"a":' * 50_000).sheets
    for depth in range(850, 1000):  # read, and at some depth too deep to be written down where it is refused
        json_lists.read(f'[{"[" * depth}{"]" * depth}, {{"question": "一", "answer": "A", "options": ["甲", "乙"]}}]')


def test_single_signs_in_a_list_are_accepted_one_by_one() -> None:
    found = read([{"question": "可以是____", "options": [], "answer": ["红", "绿"]}, {"question": "____和____", "options": [], "answer": ["红", "绿"]}])
    assert [[blank.accepted for blank in draft.blanks] for draft in found.drafts] == [[("红", "绿")], [("红",), ("绿",)]]


def test_an_object_beside_the_lists_is_told_whatever_its_fields_are() -> None:
    found = read({"questions": [ITEM], "bonus": {"stem": "一加二", "options": ["2", "3"], "answer": "B"}})
    assert seen(found) == [("第 1 题", "一加一", (1,))]
    assert ("bonus", "字段“stem”未导入") in told(found)


def test_other_projects_items_may_stand_one_a_line() -> None:
    lines = [json.dumps(one, ensure_ascii=False) for one in (ITEM, {**ITEM, "question": "一加零", "answer": "A"})]
    found = reading.read("\r\n".join([*lines, "", '{"question": "没写完"']).encode())
    assert seen(found) == [("第 1 题", "一加一", (1,)), ("第 2 题", "一加零", (0,))]
    assert [(draft.place, fault.code) for draft, fault in found.refused] == [("第 3 题", "line_not_json")]
    ours = reading.read('{"stem": "一加一", "type": "single", "options": ["1", "2"], "key": [1]}\n'.encode() * 2)
    assert seen(ours) == [("第 1 行", "一加一", (1,)), ("第 2 行", "一加一", (1,))]


def test_an_option_says_its_words_and_not_its_number() -> None:
    numbered = [{"value": 1, "label": "赵", "isCorrect": False}, {"value": 2, "label": "钱", "isCorrect": True}]
    (draft,) = read([{"question": "谁在先", "options": numbered}]).drafts
    assert (draft.options, draft.key) == (("赵", "钱"), (1,))
    found = read([{**ITEM, "options": [{"title": "甲", "name": "赵"}, {"id": "2", "value": "2"}]}])
    assert [draft.options for draft in found.drafts] == [("甲", "2")]
    assert told(found) == {("第 1 题", "字段“选项A.name”未导入")}


@pytest.mark.parametrize(
    ("options", "answer", "key"),
    [
        ({"1": "石", "2": "梨", "3": "铁"}, "2", (1,)),
        ({"1": "石", "2": "梨", "3": "杏"}, ["3", "2"], (1, 2)),
        ({"0": "石", "1": "梨"}, 1, ()),  # the option called 1, or the first?
        ({str(number): f"第{number}" for number in range(1, 13)}, "10", (9,)),
        ({"1": "石", "2": "梨"}, "B", (1,)),
        ({"1": "2", "2": "1"}, "2", ()),  # the option called 2, or the one that says 2?
        ({"1": "石", "3": "梨"}, "3", ()),
    ],
)
def test_options_called_by_numbers_keep_their_key(options: dict[str, str], answer: object, key: tuple[int, ...]) -> None:
    assert seen(read([{"question": "哪些", "options": options, "answer": answer}])) == [("第 1 题", "哪些", key)]


def test_a_file_of_one_item_is_read() -> None:
    assert seen(read(ITEM)) == [("第 1 题", "一加一", (1,))]
    assert seen(read({"stem": "天是蓝的", "type": "判断题", "answer": "对"})) == [("第 1 题", "天是蓝的", (0,))]
    assert seen(read({"stem": "一加一", "type": "single", "options": ["1", "2"], "key": [1]})) == [("第 1 行", "一加一", (1,))], "our own"
