"""The people of the demo: all invented."""

from demo.cast import CAST
from lms.kernel.permissions import Role
from lms.services.roster import NewPerson

PROVINCE, CITY, COUNTY, SCHOOL, KINDERGARTEN, CLASS = "36", "360700", "360702", "360702-01", "360702-02", "360702-01-1"

_ROLES: dict[str, tuple[tuple[Role, str], ...]] = {
    "lin": ((Role.TEACHER, SCHOOL),),
    "zhou": ((Role.TEACHER, SCHOOL),),
    "tao": ((Role.CLASS_ADMINISTRATOR, SCHOOL),),
    "xia": ((Role.COUNTY_MANAGER, COUNTY),),
    "wei": ((Role.AUTHOR, PROVINCE),),
    "rong": ((Role.REVIEWER, PROVINCE),),
    "kang": ((Role.COURSE_EDITOR, PROVINCE),),
    "wen": ((Role.EXAMINER, COUNTY),),
    "ji": ((Role.EXAMINER, COUNTY),),
    "ning": ((Role.PROVINCE_MANAGER, PROVINCE),),
    "yan": ((Role.OPERATOR, PROVINCE), (Role.AUDITOR, PROVINCE)),
}
# Examiners never meet their own school, nor who decides between them.
_HOMES = {"wen": KINDERGARTEN, "ji": KINDERGARTEN, "ning": PROVINCE}
_NAMES = ("安然", "白露", "岑小满", "邓一诺", "方知行", "顾南星", "韩霁", "江采薇", "孔令仪", "黎曼青", "孟夏", "倪晨曦",
          "欧阳青", "潘若水", "秦朗", "任远舟", "沈听澜", "唐小棠", "温如玉", "许知秋", "叶清欢", "袁野", "章回", "郑重")  # fmt: skip


def everyone() -> list[NewPerson]:
    """Return the cast and their colleagues."""
    named = [*((account, words.split(" ")[0]) for account, words in CAST), ("ji", "季明轩")]
    cast = [NewPerson(account=account, name=name, unit_code=_HOMES.get(account, SCHOOL), roles=_ROLES[account], post="教师") for account, name in named]
    others = [
        NewPerson(account=f"jiaoshi{number:02d}", name=name, unit_code=SCHOOL if number % 3 else KINDERGARTEN, post="班主任" if number % 2 else "心理教师")
        for number, name in enumerate(_NAMES, start=1)
    ]
    return cast + others


def colleagues() -> list[str]:
    """Return the accounts of the teachers who are nobody's part."""
    return [one.account for one in everyone() if one.account.startswith("jiaoshi")]


def learners() -> tuple[tuple[str, str], ...]:
    """Return who takes part and from which school: the two teachers and every colleague."""
    wanted = {"lin", "zhou", *colleagues()}
    return tuple((one.account, one.unit_code) for one in everyone() if one.account in wanted)
