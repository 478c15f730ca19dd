"""Banks shared between organisations: asked at every door, granted and withdrawn by the owner."""

from dataclasses import dataclass
from datetime import datetime

from lms.kernel import audit
from lms.kernel.db import Session, transaction
from lms.kernel.refusal import Missing
from question_bank.domain.share import LastOwner, NotShared, Right, allows
from question_bank.services import bank as banks
from question_bank.services.bank import Bank
from question_bank.store import bank as bank_store
from question_bank.store import share as store
from question_bank.store.share import Share


def admit(bank_code: str, person_id: int, wanted: Right) -> frozenset[Right]:
    """Let a person in who has the right, and return all that are held; raises NotShared."""
    with transaction() as session:
        return require(session, bank_code, person_id, wanted)


def require(session: Session, bank_code: str, person_id: int, wanted: Right) -> frozenset[Right]:
    """Check a right inside the caller's transaction and return all that are held; a bank without shares is open to whoever has the role."""
    held = store.rights(session, person_id).get(bank_code, frozenset(Right))
    if not allows(held, wanted):
        raise NotShared
    return held


def require_draw(session: Session, bank_code: str, person_id: int) -> None:
    """Check that a person may draw papers from a bank, inside the caller's transaction; raises NotShared."""
    require(session, bank_code, person_id, Right.DRAW)


def drawable(session: Session, person_id: int) -> dict[str, str]:
    """Return the names of the banks from which a person may draw papers by their codes, oldest first."""
    hidden = store.hidden(session, person_id, Right.DRAW)
    return {code: name for code, name in bank_store.names(session).items() if code not in hidden}


@dataclass(frozen=True, slots=True)
class Sharing:
    """With whom a bank is shared, and with whom it can be; `home`: the unit that would own it from the first share on."""

    bank: Bank
    shares: tuple[Share, ...]
    units: tuple[tuple[str, str], ...]
    may_grant: bool
    home: str


def view(bank_code: str, *, person_id: int) -> Sharing:
    """Return the shares of a bank."""
    with transaction() as session:
        bank = banks.existing(session, bank_code)
        held = store.rights(session, person_id).get(bank_code)
        home = store.home_of(session, person_id)
        shares, units = tuple(store.of_bank(session, bank.id)), tuple(store.units(session))
        return Sharing(bank, shares, units, held is None or Right.OWN in held, home[1] if home else "")


def grant(bank_code: str, unit_code: str, right: Right, *, person_id: int, now: datetime) -> None:
    """Give a unit a right; the first share makes the granting reviewer's unit the owner. Raises NotShared for whoever reviews nothing."""
    with transaction() as session:
        require(session, bank_code, person_id, Right.OWN)
        bank, unit_id = banks.existing(session, bank_code), store.unit_of_code(session, unit_code)
        if unit_id is None:
            raise Missing
        shares, home = store.locked(session, bank.id), store.home_of(session, person_id)
        if home is None:
            raise NotShared
        if not shares:
            store.put(session, bank.id, home[0], Right.OWN, person_id=person_id, now=now)
        elif _is_last_owner(shares, unit_id) and right is not Right.OWN:
            raise LastOwner
        if shares or unit_id != home[0]:
            store.put(session, bank.id, unit_id, right, person_id=person_id, now=now)
        audit.record(session, actor_id=person_id, action="bank.share", subject=f"bank:{bank_code}", now=now, unit=unit_code, right=right)


def withdraw(bank_code: str, unit_id: int, *, person_id: int, now: datetime) -> None:
    """Take a unit's right away; papers already drawn keep their items."""
    with transaction() as session:
        require(session, bank_code, person_id, Right.OWN)
        bank = banks.existing(session, bank_code)
        shares = store.locked(session, bank.id)
        if _is_last_owner(shares, unit_id) and len(shares) > 1:
            raise LastOwner
        store.take(session, bank.id, unit_id)
        audit.record(session, actor_id=person_id, action="bank.unshare", subject=f"bank:{bank_code}", now=now, unit=unit_id)


def _is_last_owner(shares: list[Share], unit_id: int) -> bool:
    return {share.unit_id for share in shares if share.right is Right.OWN} == {unit_id}
