import protovalidate
import pytest

from tests.security.kinds import id_fields
from tests.security.matrix import FIGURE, fill_in
from tests.security.requests import a_request
from tests.security.rpcs import Rpc, exposed_rpcs
from tests.security.section import assert_reached
from tests.security.stage import Stage


@pytest.mark.parametrize("rpc", exposed_rpcs(), ids=lambda rpc: rpc.path)
def test_every_rpc_can_be_called_and_every_id_is_understood(rpc: Rpc) -> None:
    ids = {str(field.path): field.kind.missing() for field in id_fields(rpc)}

    protovalidate.validate(a_request(rpc, ids))


async def test_who_may_do_what_to_whose_object(stage: Stage) -> None:
    assert_reached(await fill_in(stage, "SQLite"), FIGURE)
