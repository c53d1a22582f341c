"""Users, their secrets' hashes and their roles."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import ColumnElement, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import IntegrityError

from services.auth.domain import Holder, User, UserKind
from services.auth.errors.users import UserChanged, UserEmailTaken, UserNotFound
from services.auth.ports import Account
from services.auth.store.policy_lock import touch
from services.auth.store.rows import user_from
from services.auth.store.rule_rows import RuleRows
from services.auth.tables import IS_PERSON, MembershipRow, UserRow
from services.mesh.caller import UserId


class UserRows(RuleRows):
    async def add_user(self, user: User, secret_hash: str) -> None:
        await self.lock_policy()
        values = {
            "tenant_id": self._tenant_id,
            "user_id": user.user_id,
            "kind": user.kind.value,
            "email": user.email,
            "display_name": user.display_name,
            "secret_hash": secret_hash,
            "create_time": user.create_time,
            "is_invited": user.is_invited,
            "disable_time": user.disable_time,
            "revision": user.revision,
        }
        is_postgresql = self._session.get_bind().dialect.name == "postgresql"
        insert_new = postgresql_insert if is_postgresql else sqlite_insert
        added = await self._session.execute(
            insert_new(UserRow)
            .values(values)
            .on_conflict_do_nothing(
                index_elements=[UserRow.tenant_id, UserRow.email], index_where=IS_PERSON
            )
            .returning(UserRow.user_id)
        )
        if added.first() is None:
            raise UserEmailTaken
        await self.add_memberships(user.user_id, user.roles)

    async def user(self, user_id: UserId) -> User:
        row = await self._user_row(user_id)
        if row is None:
            raise UserNotFound(user_id)
        return (await self._users([row]))[0]

    async def users(self, after: tuple[str, str], limit: int) -> list[User]:
        rows = await self._session.scalars(
            select(UserRow)
            .where(
                UserRow.tenant_id == self._tenant_id,
                tuple_(UserRow.email, UserRow.user_id) > tuple_(*after),
            )
            .order_by(UserRow.email, UserRow.user_id)
            .limit(limit)
        )
        return await self._users(list(rows))

    async def set_roles(self, user_id: UserId, roles: Sequence[str]) -> None:
        await self.lock_policy()
        if await self._user_row(user_id) is None:
            raise UserNotFound(user_id)
        await self.drop_memberships(user_id)
        await self.add_memberships(user_id, roles)
        await self._session.execute(
            update(UserRow)
            .where(UserRow.tenant_id == self._tenant_id, UserRow.user_id == user_id)
            .values(revision=UserRow.revision + 1)
        )

    async def update_user(self, user: User) -> None:
        namesake = await self.person(user.email) if user.kind is UserKind.PERSON else None
        if namesake is not None and namesake.user.user_id != user.user_id:
            raise UserEmailTaken
        question = (
            update(UserRow)
            .where(
                UserRow.tenant_id == self._tenant_id,
                UserRow.user_id == user.user_id,
                UserRow.revision == user.revision - 1,
            )
            .values(
                email=user.email,
                display_name=user.display_name,
                is_invited=user.is_invited,
                disable_time=user.disable_time,
                revision=user.revision,
            )
            .returning(UserRow.user_id)
        )
        try:
            changed = await self._session.scalar(question)
        except IntegrityError as error:
            # Somebody took the address after it was looked for.
            raise UserEmailTaken from error
        if changed is None:
            raise UserChanged
        touch(self._session, Holder(self._tenant_id, user.user_id))

    async def people_with_role(self, role: str) -> frozenset[UserId]:
        found = await self._session.scalars(
            select(MembershipRow.user_id)
            .join(
                UserRow,
                (UserRow.tenant_id == MembershipRow.tenant_id)
                & (UserRow.user_id == MembershipRow.user_id),
            )
            .where(
                MembershipRow.tenant_id == self._tenant_id,
                MembershipRow.role == role,
                UserRow.kind == UserKind.PERSON.value,
                UserRow.is_invited.is_(False),
                UserRow.disable_time.is_(None),
            )
        )
        return frozenset(UserId(user_id) for user_id in found)

    async def person(self, email: str) -> Account | None:
        return await self._account(UserKind.PERSON, UserRow.email == email)

    async def client(self, client_id: str) -> Account | None:
        return await self._account(UserKind.CLIENT, UserRow.user_id == client_id)

    async def set_secret_hash(self, user_id: UserId, secret_hash: str) -> None:
        await self._session.execute(
            update(UserRow)
            .where(UserRow.tenant_id == self._tenant_id, UserRow.user_id == user_id)
            .values(secret_hash=secret_hash)
        )

    async def _account(self, kind: UserKind, condition: ColumnElement[bool]) -> Account | None:
        row = await self._session.scalar(
            select(UserRow).where(
                UserRow.tenant_id == self._tenant_id, UserRow.kind == kind.value, condition
            )
        )
        if row is None:
            return None
        return Account((await self._users([row]))[0], row.secret_hash)

    async def _user_row(self, user_id: UserId) -> UserRow | None:
        return await self._session.scalar(
            select(UserRow).where(UserRow.tenant_id == self._tenant_id, UserRow.user_id == user_id)
        )

    async def _users(self, rows: Sequence[UserRow]) -> list[User]:
        roles: dict[str, list[str]] = defaultdict(list)
        for membership in await self._session.scalars(
            select(MembershipRow).where(
                MembershipRow.tenant_id == self._tenant_id,
                MembershipRow.user_id.in_([row.user_id for row in rows]),
            )
        ):
            roles[membership.user_id].append(membership.role)
        return [user_from(row, roles[row.user_id]) for row in rows]
