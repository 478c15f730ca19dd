"""The base of every form: CSRF, and messages in the reader's language."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms.fields import Field
from wtforms.validators import ValidationError

from lms.kernel.i18n import gettext
from lms.kernel.refusal import N_


def of_our_time(_form: FlaskForm, field: Field) -> None:
    """Refuse a day of a year that no plan of ours holds: a validator."""
    if field.data and not 2000 <= field.data.year <= 2100:
        raise ValidationError(gettext("请核对年份。"))


class Form(FlaskForm):  # type: ignore[misc]
    """A form whose messages follow the page's language."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """Speak the page's language."""

        def get_translations(self, form: Any) -> Any:  # noqa: ARG002
            """Use our own catalogue: WTForms' Chinese one is built in but lacks our messages."""
            return _Catalogue()


class _Catalogue:
    def gettext(self, text: str) -> str:
        return gettext(_BUILT_IN.get(text, text))

    def ngettext(self, one: str, many: str, number: int) -> str:
        return gettext(_BUILT_IN.get(one if number == 1 else many, many))


_BUILT_IN = {
    "This field is required.": N_("请填写此项。"),
    "Field must be at least %(min)d character long.": N_("至少需要 %(min)d 个字符。"),
    "Field must be at least %(min)d characters long.": N_("至少需要 %(min)d 个字符。"),
    "Field cannot be longer than %(max)d character.": N_("不能超过 %(max)d 个字符。"),
    "Field cannot be longer than %(max)d characters.": N_("不能超过 %(max)d 个字符。"),
    "Field must be between %(min)d and %(max)d characters long.": N_("长度须在 %(min)d 到 %(max)d 个字符之间。"),
    "Number must be between %(min)s and %(max)s.": N_("数值须在 %(min)s 到 %(max)s 之间。"),
    "Number must be at least %(min)s.": N_("数值不能小于 %(min)s。"),
    "Number must be at most %(max)s.": N_("数值不能大于 %(max)s。"),
    "Not a valid integer value.": N_("请输入整数。"),
    "Not a valid choice.": N_("请选择列表中的一项。"),
    "Not a valid decimal value.": N_("请输入数字。"),
    "Not a valid float value.": N_("请输入数字。"),
    "Not a valid datetime value.": N_("请填写日期和时间。"),
    "Not a valid date value.": N_("请填写日期。"),
    "Field must be equal to %(other_name)s.": N_("两次输入不一致。"),
    "Invalid input.": N_("输入不正确。"),
}
