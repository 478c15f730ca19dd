"""Files that cannot be read at all."""

from lms.kernel.refusal import N_, Malformed


class Unreadable(Malformed):
    """The file is no bank we can read."""

    code = "file_unreadable"
    message = N_("无法从这个文件中读出试题。请确认它是 Excel、CSV、Word、文本、GIFT、Aiken、Moodle XML、QTI 或 JSON Lines 格式的题库文件。")


class FileEmpty(Unreadable):
    """There is nothing in the file."""

    code = "file_empty"
    message = N_("文件是空的。")


class FileTooLarge(Unreadable):
    """The file is larger than any bank."""

    code = "file_too_large"
    message = N_("文件过大：压缩前不能超过 50 MB，且不能超过 20000 行。请分成几个文件导入。")


class FormatUnsupported(Unreadable):
    """The format is known but cannot be read yet."""

    code = "format_unsupported"
    message = N_("可导入 Excel、CSV、Word、文本、GIFT、Aiken、Moodle XML、QTI 和 JSON Lines，这个文件是其他格式。")


class ItemsElsewhere(Unreadable):
    """A QTI test or manifest, which only names the files that hold the items."""

    code = "items_elsewhere"
    message = N_("这个文件只是 QTI 的试卷结构或清单，题目在其他文件里。请上传包含它们的整个压缩包（.zip）。")


class FileOld(Unreadable):
    """An old Word or WPS file, whose text cannot be read with certainty."""

    code = "file_old"
    message = N_("这是旧版 Word（.doc）或 WPS（.wps）文件。请用 Word 或 WPS 打开，另存为 .docx 后再导入。")


class FileLocked(Unreadable):
    """The file asks for a password before it opens."""

    code = "file_locked"
    message = N_("文件设置了打开密码。请去掉密码，另存后再导入。")


class ArchiveHostile(Unreadable):
    """A packed file would unpack to something out of all proportion, or claims what is not so."""

    code = "archive_hostile"
    message = N_("文件的压缩内容异常，出于安全考虑已拒绝。请用 Excel 或 WPS 重新另存后再试。")


class TextUndecodable(Unreadable):
    """The bytes are in no encoding we know."""

    code = "text_undecodable"
    message = N_("无法识别文件的文字编码。请另存为 UTF-8 后再试。")


class XmlHostile(Unreadable):
    """An XML file declares entities, nests without end or piles up attributes, as no export of a real bank does."""

    code = "xml_hostile"
    message = N_("文件的 XML 结构异常（实体声明、嵌套过深或属性过多），出于安全考虑已拒绝。")


class FileTooHeavy(Unreadable):
    """Reading it took more time or memory than any honest file needs."""

    code = "file_too_heavy"
    message = N_("读取这个文件占用的时间或内存过多，已经停止，题库没有变化。请检查文件，或分成几个较小的文件导入。")


class ImportBroke(Unreadable):
    """Reading or writing it failed in a way nobody foresaw; the log says how."""

    code = "import_broke"
    message = N_("处理这个文件时出错，题库没有变化。请把文件交给系统管理员，由其查看日志。")


class WritingBroke(Unreadable):
    """Writing its rows failed in a way nobody foresaw; they are as the author left them, and the log says how."""

    code = "writing_broke"
    message = N_("写入时出错，题库没有变化，您改好的内容都还在。请再写入一次；如果仍然出错，请联系系统管理员查看日志。")


class RightLost(Unreadable):
    """Whoever uploaded it may no longer write to the bank: another organisation owns it now, or her role has ended; rows already read stay as they are."""

    code = "import_right_lost"
    message = N_("轮到处理这个文件时，您已没有编写这个题库的权限，题库没有变化。权限恢复后，请再写入或上传一次。")


def of_code(code: str) -> Unreadable:
    """Return the refusal that has a code."""
    kinds: list[type[Unreadable]] = [Unreadable, *Unreadable.__subclasses__()]
    return next((kind for kind in kinds if kind.code == code), Unreadable)()


def message_of(code: str) -> str:
    """Return why a file could not be read, in words."""
    return of_code(code).message
