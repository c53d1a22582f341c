"""The one row that every change of the policy has to pass, and the seal that it carries."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import structlog
from sqlalchemy import select, update

from services.auth.domain import Holder, RulesTouched
from services.auth.policy_seal import PolicySeal, SealedSum
from services.auth.tables import PolicyVersionRow as Row
from services.mesh.policy import Rule
from services.mesh.session import Session

# Told of what a commit changed; None when it prohibited something and allowed nothing.
PolicyChanged = Callable[[RulesTouched | None], None]

_CHANGE = "change_of_the_policy"
_OF_RULES, _OF_PROHIBITIONS = "rules", "prohibitions"
_IS_SEALED = "policy_is_sealed"
_RULES_VERSION = "version_of_the_rules"
_TOUCHED, _TOUCHED_ANYBODY = "holders_of_changed_rules", "anybodys_rules_changed"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class PolicyBook:
    """Who is told of a change, and what seals it; without a seal, nothing is sealed."""

    changed: PolicyChanged
    seal: PolicySeal | None = None


@dataclass(frozen=True)
class PolicyHead:
    """`rules_version` grows with each change of what is allowed."""

    version: int
    rules_version: int
    sealed: SealedSum


async def read_head(session: Session) -> PolicyHead:
    row = (await session.execute(select(*_COLUMNS))).one()
    version, prohibitions, count, total, seal = row
    return PolicyHead(version, version - prohibitions, SealedSum(count, int(total, 16), seal))


async def write_seal(session: Session, sealed: SealedSum) -> None:
    await session.execute(
        update(Row).values(
            rule_count=sealed.count, rule_sum=f"{sealed.total:064x}", seal=sealed.seal
        )
    )


async def lock_policy(session: Session, book: PolicyBook) -> None:
    """Raises the version once per transaction, and tells of it when the change is real."""
    change = session.info.get(_CHANGE)
    if change == _OF_RULES:
        return
    if change is None:
        await session.execute(update(Row).values(version=Row.version + 1))
        _tell(session, book)
    else:
        await session.execute(update(Row).values(prohibitions=Row.prohibitions - 1))
    session.info[_CHANGE] = _OF_RULES
    head = await read_head(session)
    session.info[_RULES_VERSION] = head.rules_version
    session.info[_IS_SEALED] = await _carry_seal(session, book, head)


def touch(session: Session, holder: Holder) -> None:
    """Says whose rules change. Where nobody says so, it may be anybody's."""
    session.info.setdefault(_TOUCHED, set()).add(holder)


def touch_anybody(session: Session) -> None:
    session.info[_TOUCHED_ANYBODY] = True


async def note_prohibition(session: Session, book: PolicyBook) -> None:
    """Does the same for a change after which nothing is allowed that was not before."""
    if session.info.get(_CHANGE) is None:
        await session.execute(
            update(Row).values(version=Row.version + 1, prohibitions=Row.prohibitions + 1)
        )
        session.info[_CHANGE] = _OF_PROHIBITIONS
        _tell(session, book)


async def rules_change(
    session: Session, book: PolicyBook, added: Iterable[Rule], removed: Iterable[Rule]
) -> None:
    """Keeps the seal in step with rows that are written in this transaction."""
    if book.seal is None or not session.info.get(_IS_SEALED):
        return
    head = await read_head(session)
    await write_seal(session, book.seal.changed(head.sealed, head.rules_version, added, removed))


async def _carry_seal(session: Session, book: PolicyBook, head: PolicyHead) -> bool:
    """From the version before to this one. What was not sound there is not made sound here."""
    if book.seal is None:
        return False
    if not book.seal.is_sound(head.sealed, head.rules_version - 1):
        _log.error("the policy is not sealed", version=head.version)
        return False
    await write_seal(session, book.seal.changed(head.sealed, head.rules_version, (), ()))
    return True


def _tell(session: Session, book: PolicyBook) -> None:
    session.after_commit.append(lambda: book.changed(_rules_touched(session)))


def _rules_touched(session: Session) -> RulesTouched | None:
    if session.info[_CHANGE] != _OF_RULES:
        return None
    touched = None if session.info.get(_TOUCHED_ANYBODY) else session.info.get(_TOUCHED)
    return RulesTouched(session.info[_RULES_VERSION], touched and frozenset(touched))


_COLUMNS = (Row.version, Row.prohibitions, Row.rule_count, Row.rule_sum, Row.seal)
