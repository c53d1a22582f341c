"""Signing keys: message in, one use case, message out."""

from helpdesk.auth.v1 import signing_key_service_pb2, signing_key_service_pb2_grpc
from services.auth.convert import signing_key_message
from services.auth.use_cases.signing_keys import (
    KeyRotation,
    list_signing_keys,
    rotate_signing_keys,
)
from services.mesh.interceptors.chain import Context


class SigningKeyServicer(signing_key_service_pb2_grpc.SigningKeyServiceServicer):
    def __init__(self, rotation: KeyRotation) -> None:
        self._rotation = rotation

    async def RotateSigningKeys(
        self, request: signing_key_service_pb2.RotateSigningKeysRequest, context: Context
    ) -> signing_key_service_pb2.SigningKey:
        return signing_key_message(await rotate_signing_keys(self._rotation))

    async def ListSigningKeys(
        self, request: signing_key_service_pb2.ListSigningKeysRequest, context: Context
    ) -> signing_key_service_pb2.ListSigningKeysResponse:
        return signing_key_service_pb2.ListSigningKeysResponse(
            signing_keys=map(signing_key_message, await list_signing_keys(self._rotation))
        )
