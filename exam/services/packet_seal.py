"""How an emergency packet is sealed: ECDH over P-256 to the installation's key, HKDF-SHA256, AES-256-GCM.

The file: 8 bytes of name, the page's passing public key (65 bytes, uncompressed), 12 bytes of nonce, then ciphertext with its tag.
The first three are authenticated together with the text, so no byte of the file can be changed. exam/static/packet.js is the other side.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from exam.domain.packet import LARGEST, PacketBroken

NAME = b"EXPACK1\n"
_POINT, _NONCE = 65, 12
_HEAD = len(NAME) + _POINT + _NONCE
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256


class PacketSeal:
    """The key pair of the installation: derived from its field key, so that nothing more is kept; older field keys still open."""

    def __init__(self, field_key: str) -> None:
        self._keys = [_private(part) for part in field_key.split(",")]

    @property
    def public(self) -> bytes:
        """Return the point to which pages seal."""
        return _point(self._keys[0].public_key())

    def open(self, packet: bytes) -> bytes:
        """Return the text inside; raises PacketBroken when a single bit is not as it was sealed."""
        if not _HEAD < len(packet) <= LARGEST or not packet.startswith(NAME):
            raise PacketBroken
        head, point = packet[:_HEAD], packet[len(NAME) : len(NAME) + _POINT]
        try:
            passing = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        except ValueError:
            raise PacketBroken from None
        for key in self._keys:
            shared = _shared(key.exchange(ec.ECDH(), passing), _point(key.public_key()), point)
            try:
                return AESGCM(shared).decrypt(head[-_NONCE:], packet[_HEAD:], head)
            except InvalidTag:
                continue
        raise PacketBroken


def seal(public: bytes, text: bytes, *, nonce: bytes) -> bytes:
    """Seal as the page does."""
    passing = ec.generate_private_key(ec.SECP256R1())
    point = _point(passing.public_key())
    key = _shared(passing.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)), public, point)
    head = NAME + point + nonce
    return head + AESGCM(key).encrypt(nonce, text, head)


def _private(field_key: str) -> ec.EllipticCurvePrivateKey:
    drawn = HKDF(hashes.SHA256(), 48, salt=None, info=b"exam packet key").derive(field_key.encode())
    return ec.derive_private_key(int.from_bytes(drawn) % (_ORDER - 1) + 1, ec.SECP256R1())


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _shared(secret: bytes, public: bytes, passing: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=NAME, info=public + passing).derive(secret)
