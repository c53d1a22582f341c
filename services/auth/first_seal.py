"""Seals the policy that was written before there were seals, once."""

from pathlib import Path

from services.auth.ports import AuthStore
from services.mesh.private_file import read_or_write

_MARK = "policy-sealed"


async def seal_policy(store: AuthStore, folder: Path, *, is_trusted: bool) -> None:
    """Trusts what it finds only where it has never sealed before, or when told to.

    The mark lies outside of the database, so that taking the seal away there gains nothing.
    """
    mark = folder / _MARK
    async with store.directory() as directory:
        await directory.seal_policy(is_trusted=is_trusted or not mark.exists())
    read_or_write(mark, lambda: "The policy in the database is sealed; see policy_seal.py.")
