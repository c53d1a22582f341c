"""The installation's own signing key, taken out of its database: a thief could not do better."""

import json

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sqlalchemy import select

from services.auth.tables import SigningKeyRow
from services.mesh.database import Database
from tests.security.hostile_tokens import Mint, unb64
from tests.security.stage import Person, Stage


async def mint_for(stage: Stage, person: Person) -> Mint:
    """Signs tokens of a session that this person has just opened."""
    token = (await stage.login(person)).access_token
    header, payload, _ = token.split(".")
    key_id = json.loads(unb64(header))["kid"]
    database = Database(stage.installation.settings.database_address("auth"))
    try:
        async with database.system_reading() as session:
            pem = await session.scalar(
                select(SigningKeyRow.private_pem).where(SigningKeyRow.key_id == key_id)
            )
    finally:
        await database.close()
    assert pem is not None
    private = load_pem_private_key(pem.encode(), password=None)
    assert isinstance(private, EllipticCurvePrivateKey)
    return Mint(key_id, private, json.loads(unb64(payload)))
