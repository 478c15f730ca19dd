"""Who acts on a command line, and the names shown beside versions and remarks."""

from collections.abc import Iterable, Mapping

from lms.api import people
from lms.kernel.db import transaction
from lms.kernel.permissions import Permission, permissions_of
from lms.kernel.refusal import N_, Forbidden, Missing
from question_bank.store import author as store


class AccountUnknown(Missing):
    """There is no such active account."""

    code = "account_unknown"
    message = N_("没有这个账号，或账号已停用。")


def id_of_account(account: str, permission: Permission = Permission.WRITE_ITEMS) -> int:
    """Return the id of an account that holds the permission; raises a refusal."""
    with transaction() as session:
        found = store.account(session, account)
    if found is None:
        raise AccountUnknown
    if permission not in permissions_of(found[1]):
        raise Forbidden
    return found[0]


def names(person_ids: Iterable[int | None]) -> Mapping[int, str]:
    """Return the names of people."""
    wanted = sorted({person_id for person_id in person_ids if person_id is not None})
    if not wanted:
        return {}
    with transaction() as session:
        return {person_id: card.name for person_id, card in people(session, wanted).items()}
