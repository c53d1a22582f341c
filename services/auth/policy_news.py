"""What this process has changed in the policy since it was read last."""

import asyncio

from services.auth.domain import Holder, RulesTouched


class PolicyNews:
    """Without news of a version, all rules have to be read to know it: another replica made it."""

    def __init__(self) -> None:
        self._happened = asyncio.Event()
        self.touched: dict[int, frozenset[Holder]] = {}

    def tell(self, touched: RulesTouched | None) -> None:
        """After a commit that changed the policy; None when no rule has changed."""
        if touched is not None and touched.holders is not None:
            self.touched[touched.rules_version] = touched.holders
        self._happened.set()

    def forget(self, rules_version: int) -> None:
        """This version and all before it are known."""
        for version in [one for one in self.touched if one <= rules_version]:
            del self.touched[version]

    async def wait(self, seconds: float) -> None:
        """Until something is told, or the time is up."""
        try:
            async with asyncio.timeout(seconds):
                await self._happened.wait()
        except TimeoutError:
            return
        self._happened.clear()
