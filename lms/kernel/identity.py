"""Who is acting: the part of a person that every request needs (no Flask, safe for every layer)."""

from dataclasses import dataclass
from typing import ClassVar

from lms.kernel.permissions import Permission, Role, permissions_of


@dataclass(frozen=True, slots=True)
class Identity:
    """A signed-in person; the four attributes below the fields are Flask-Login's protocol."""

    person_id: int
    name: str
    roles: frozenset[Role]
    login_id: int
    token: str

    is_authenticated: ClassVar[bool] = True
    is_active: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False

    def get_id(self) -> str:
        """Return the sign-in token that the cookie carries."""
        return self.token

    @property
    def permissions(self) -> frozenset[Permission]:
        """Return everything this person may do."""
        return permissions_of(self.roles)

    def may(self, permission: Permission | str) -> bool:
        """Tell whether the permission is held."""
        if permission in self.permissions:
            return True
        Permission(permission)  # a word that names none is a mistake, not a no
        return False
