"""Certificates: what is signed, how a name is masked, and what a check may answer."""

import base64
import hashlib
import json
import secrets
import zlib
from dataclasses import asdict, dataclass
from enum import StrEnum

from lms.kernel.refusal import N_, Conflict, Invalid, Missing

QUALIFIED = "qualified"
CORRECTED = "成绩更正："  # how the reason begins when a corrected grade moves a certificate
# No 0/O, 1/I/L: a code is read aloud over a telephone. 12 of 31 signs are 59 bits.
_SIGNS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_LENGTH = 12
MOST_VOUCHER = 2000


class CertificateMissing(Missing):
    """There is no such certificate, or it is somebody else's."""

    code = "certificate_missing"
    message = N_("没有找到这张证书。请核对证书编号或查验码。")


class AlreadyRevoked(Conflict):
    """The certificate has been revoked before."""

    code = "already_revoked"
    message = N_("这张证书已经撤销。")


class Replaced(Conflict):
    """A newer edition was issued; only the newest is issued anew."""

    code = "certificate_replaced"
    message = N_("这张证书已由新证书代替，请对最新的一张操作。")


class ReasonNeeded(Invalid):
    """A revocation must say why."""

    code = "reason_needed"
    message = N_("请写明理由。")


class NotQualified(Conflict):
    """Who does not meet the requirements gets no certificate."""

    code = "not_qualified"
    message = N_("尚未达到合格条件，不能颁发证书。")


class Standing(StrEnum):
    """What a stranger is told of a certificate."""

    VALID = "valid"
    REVOKED = "revoked"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Statement:
    """What a certificate states; exactly this is signed. `hours` are decimal text, `day` an ISO date."""

    serial: str
    name: str
    programme: str
    title: str
    issuer: str
    hours: str
    day: str
    sample: bool
    key: str

    def canonical(self) -> bytes:
        """Return the bytes that are signed: JSON with sorted keys and no spaces."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def new_code() -> str:
    """Return a check code that nobody can guess."""
    return "".join(secrets.choice(_SIGNS) for _ in range(CODE_LENGTH))


def read_code(written: str) -> str:
    """Return a code as kept, however it was typed: lower case, with spaces or hyphens."""
    return "".join(sign for sign in written.upper() if sign.isalnum())[:40]


def serial(year: int, number: int, *, sample: bool) -> str:
    """Return the serial number printed on the certificate."""
    return f"{'样本' if sample else ''}{year}{number:07d}"


def masked(name: str) -> str:
    """Return a name that identifies to who knows it and to nobody else: 张**."""
    return name[:1] + "*" * max(1, len(name) - 1)


def link(previous: bytes, statement: bytes, signature: bytes) -> bytes:
    """Return the hash that chains an issue to the one before it."""
    return hashlib.sha256(previous + statement + signature).digest()


def voucher(statement: bytes, signature: bytes) -> str:
    """Pack what is signed with its signature for a QR code, so that it can be checked without asking us."""
    return base64.urlsafe_b64encode(signature + zlib.compress(statement, 9)).decode().rstrip("=")


def read_voucher(text: str) -> tuple[bytes, bytes] | None:
    """Return statement and signature of a QR code; None where it is damaged or far too large to be one."""
    if len(text) > MOST_VOUCHER:
        return None
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        unpack = zlib.decompressobj()
        return unpack.decompress(raw[64:], 4096), raw[:64]
    except (ValueError, zlib.error):
        return None
