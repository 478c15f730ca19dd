"""Every sentence that tells of a loss, and every place it is told of, with holes for what differs: the reader's language is put in here."""

import re
from functools import cache

from lms.kernel.i18n import gettext as _
from lms.kernel.refusal import N_

SENTENCES = (
    N_("没有选项和答案的文字，未导入：{}"),
    N_("这张图片不在试题的单元格里，未导入"),
    N_("图片“{}”是动图，只保留第一帧"),
    N_("图片“{}”未导入：{}"),
    N_("图片未导入：找不到或不在文件中{}"),
    N_("标记 <{}> 未保留，其中的文字保留"),
    N_("链接未保留，文字保留{}"),
    N_("文字样式（颜色、下划线等）未保留"),
    N_("有一个公式的 MathML 写法无法识别，按文字保留"),
    N_("文中选词填空按匹配题导入，各空编号为（1）（2）…"),
    N_("一题有 {} 个作答部分，拆成 {} 道题，分值平分"),
    N_("在文中点选文字（hottext）按选择题导入：可选的文字在题干中加下划线"),
    N_("没有对应选项的条目“{}”未导入"),
    N_("输入框里的提示（{}）未保留"),
    N_("滑块按填数导入，范围（{} 到 {}）未保留"),
    N_("没有答案的说明文字，未导入：{}"),
    N_("Markdown 标记按原文保留，不再排版"),
    N_("各答案的反馈未保留"),
    N_("答案中的通配符 * 按原文比较"),
    N_("部分得分的答案“{}”（{}）未保留"),
    N_("不得分的答案“{}”（{}）未保留"),
    N_("排序题和多空填空题没有对应的写法，整题未写入"),
    N_("字段“{}”未导入"),
    N_("图片“{}”的数据已损坏，未导入"),
    N_("文件从这一行起有 XML 错误，其后的内容可能没有读全"),
    N_("旧式题图（image）未导入"),
    N_("重试扣分（penalty {}）未保留"),
    N_("提示（hint）未保留"),
    N_("按得分显示的反馈（correctfeedback 等）未保留"),
    N_("不打乱选项的设定未保留"),
    N_("不打乱选项（shuffle）的设定未保留"),
    N_("隐藏状态未保留"),
    N_("最好的选项只得 {}%，按满分计"),
    N_("数值的单位（units）未保留"),
    N_("作答模板（responsetemplate）未保留"),
    N_("上传附件的要求未保留"),
    N_("每次只抽取部分选项的设定未保留"),
    N_("排序题的计分方式（{}）未保留，改为全对给分"),
    N_("选项可重复使用的设定未保留"),
    N_("各行的反馈未保留"),
    N_("从列表中选词的呈现方式未保留，按填空题导入"),
    N_("设定 <{}> 未保留"),
    N_("“{}”不属于任何试题，未导入"),
    N_("第 {} 题的答案没有对应的试题，未导入"),
    N_("学员的作答（我的答案）和得分未导入"),
    N_("“{}”没有选项也没有答案，未作为试题导入"),
    N_("两两连线（associate）按匹配题导入：每对的前一项为题目，后一项为选项"),
    N_("计时的设定未保留"),
    N_("提示或结束作答的按钮未保留"),
    N_("共用材料未导入（{}）"),
    N_("给{}看的说明（rubricBlock）未保留"),
    N_("按作答情况分别显示的反馈合并为一段解析"),
    N_("反馈没有写明属于哪一问，拆开后每道题都作为解析保留"),
    N_("以文字（CDATA）写入的 HTML 按标记读取"),
    N_("最多选 {} 项的限制未保留"),
    N_("至少选 {} 项的限制未保留"),
    N_("<{}> 未保留"),
    N_("选项位置固定（fixed）的设定未保留"),
    N_("选项按模板显示的设定未保留"),
    N_("输入格式的限制（patternMask {}）未保留"),
    N_("样式表未保留（{}）"),
    N_("阅读材料已并入依附于它的各题"),
    N_("随机抽题的设定（selection_ordering）未导入"),
    N_("作答字数的限制未保留"),
    N_("选项前后的说明未保留"),
    N_("给评卷人看的说明未保留"),
    N_("没有写字的待匹配条目未导入"),
    N_("不属于任何类别的干扰项“{}”未保留"),
    N_("“包含某些文字即可”的判分改为与答案相同"),
    N_("判分方式（{}）未保留，改为与答案相同"),
    N_("媒体（{}）未保留{}"),
    N_("评分条件（{}）未保留"),
    N_("评分规则（{}）未保留，按标准答案计分"),
    N_("评分模板 {} 未保留，按标准答案计分"),
    N_("标准答案指向不存在的选项（{}）"),
    N_("上下误差不同，取较小的一个"),
    N_("清单有 XML 错误，可能没有读全"),
    N_("清单中的文件不存在：{}"),
    N_("压缩包里的压缩包未读取"),
    N_("试卷结构（assessmentTest）未导入"),
    N_("测验的设置未导入"),
    N_("<{}> 文档未导入"),
    N_("列“{}”未导入"),
    N_("第 {} 列没有表头，未导入"),
    N_("答案从 0 开始编号，按 0 即 A 换算"),
    N_("答案里有 0，看不出从 0 还是从 1 编号，数字答案都没有采用：请在表头写明，如“答案（从0开始）”"),
    N_("没有题干和答案的表头，这张表未导入"),
    N_("宏未导入"),
    N_("指向其他文件的链接没有打开，使用文件中保存的值"),
    N_("嵌入的文件未导入"),
    N_("嵌入的文档未导入"),
    N_("特殊符号（{}）未导入"),
    N_("公式“{}”含有无法转换的成分（{}），只保留了文字"),
    N_("脚注未导入"),
    N_("尾注未导入"),
    N_("批注未导入"),
    N_("修订中删除的文字未导入"),
    N_("修订中移走的文字未导入"),
    N_("嵌入对象（如 MathType 公式）未导入，请改用 Word 公式或图片"),
    N_("图表未导入"),
    N_("SmartArt 图形未导入"),
    N_("拼音标注未导入"),
    N_("文本框未导入：“{}”"),
    N_("链接到文件外的图片未导入"),
    N_("图形、文本框或图表未导入"),
    N_("“放置在单元格中”的内容未导入，请在 Excel 中把图片改为“放置在单元格上”"),
    N_("没有固定在单元格上的图片未导入"),
    N_("互斥试题“{}”不存在，未记录"),
    N_("选项权重 {} 未保留，按题型计分"),
    N_("知识点超过 {} 字，只保留前 {} 字：{}"),
    N_("认知层次“{}”无法识别，未导入"),
    N_("难度“{}”无法识别，按默认难度处理"),
    N_("分值不是大于 0、不超过 10000 的数，按默认分值处理"),
    N_("超过 Excel 单元格 32767 字上限的内容未写入"),
    N_("{}未写入"),
    N_("{}未保留{}"),
    N_("{}未导入"),
)
PLACES = (
    N_("第 {} 行"),
    N_("第 {} 段"),
    N_("第 {} 题"),
    N_("第 {} 题（{}）"),
    N_("第 {} 题（{}）（{}）"),
    N_("第 {} 题（第 {} 行）"),
    N_("第 {} 题（第 {} 段）"),
    N_("{}：第 {} 题"),
    N_("{}：第 {} 题（{}）"),
    N_("{}：第 {} 题（{}）（{}）"),
    N_("{} 第 {} 行"),
    N_("工作簿"),
    N_("文件"),
    N_("文档"),
    N_("单元格图片"),
    N_("{}：第 {} 行"),
)


def told(words: str) -> str:
    """Return a loss or a place in the reader's language; what no sentence fits stays as it is."""
    found = parted(words)
    return _(found[0]).format(*map(_hole, found[1])) if found else words


def parted(words: str) -> tuple[str, tuple[str, ...]] | None:
    """Return the sentence that words were made of, and what stands in its holes."""
    return next(((sentence, found.groups()) for sentence, pattern in _patterns() if (found := pattern.fullmatch(words))), None)


def _hole(words: str) -> str:
    whole = _(words) if words else ""
    return whole if whole != words else _("、").join(_(part) if part else "" for part in words.split("、"))


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return the sentences with the fewest and shortest holes first."""
    in_order = sorted((*SENTENCES, *PLACES), key=lambda sentence: -len(sentence.replace("{}", "")))
    return tuple((sentence, re.compile(re.escape(sentence).replace(re.escape("{}"), "(.*?)"), re.DOTALL)) for sentence in in_order)
