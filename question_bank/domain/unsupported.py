"""What other systems' items can be and ours cannot: the reasons for which such an item is refused, whatever is mended in it."""

from lms.kernel.refusal import N_

REASONS = {
    "adaptive_item": N_("自适应题（内容随作答变化）无法表示。"),
    "template_item": N_("带随机参数的模板题无法表示。"),
    "calculated_item": N_("计算题（数值由公式随机生成）无法表示。"),
    "several_interactions": N_("一题里有几个不同的作答部分，请拆成几道题。"),
    "no_interaction": N_("这一条只有文字，没有作答部分。"),
    "graphic_interaction": N_("在图片上作答的题（热区、拖到图上、图上连线等）无法表示。"),
    "drawing_interaction": N_("绘图题无法表示。"),
    "slider_interaction": N_("滑块题无法表示。"),
    "media_interaction": N_("播放媒体的题无法表示。"),
    "upload_interaction": N_("上传文件的题无法表示。"),
    "recording_interaction": N_("录音录像的题无法表示。"),
    "custom_interaction": N_("自定义互动（PCI 等）的题无法表示。"),
    "unknown_interaction": N_("无法识别这一题的作答方式。"),
    "pairs_unsupported": N_("配对不是一对一的，无法作为匹配题。"),
    "order_unsupported": N_("只排一部分选项的排序题无法表示。"),
    "gap_misplaced": N_("有的空不在题干的文字里，无法确定位置。"),
    "numbers_unsupported": N_("有几个不同的数值答案，无法用一个数值和误差表示。"),
    "number_infinite": N_("数值范围没有上限或下限，无法用一个数值和误差表示。"),
    "no_full_answer": N_("没有得满分的答案，无法确定标准答案。"),
    "scoring_unsupported": N_("评分规则无法换成标准答案。"),
    "xml_damaged": N_("文件在这一题处损坏，内容可能不完整。"),
    "type_foreign": N_("这种题型无法表示。"),
}
