"""The auth service's contract with answers that a test writes."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc

from helpdesk.auth.v1 import (
    auth_pb2,
    policy_service_pb2,
    policy_service_pb2_grpc,
    token_service_pb2,
    token_service_pb2_grpc,
    user_service_pb2,
    user_service_pb2_grpc,
)

SERVICES = [
    "helpdesk.auth.v1.TokenService",
    "helpdesk.auth.v1.PolicyService",
    "helpdesk.auth.v1.UserService",
]
PASSWORD = "correct horse"
Context = grpc.aio.ServicerContext[Any, Any]
Answer = Callable[[Any, Context], Awaitable[Any]]
Stream = Callable[[Any, Context], AsyncIterator[policy_service_pb2.PolicyEvent]]


class Scripted:
    """Answers with empty messages until a test sets `answers["GetIdentity"]`."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.stream: Stream | None = None
        self.calls: Counter[str] = Counter()
        self.contexts: list[Context] = []
        self.confirmed: asyncio.Queue[policy_service_pb2.ConfirmPolicyRequest] = asyncio.Queue()

    def register(self, server: grpc.aio.Server) -> None:
        # Methods that no test calls are left out.
        tokens = _Tokens(self)  # type: ignore[abstract]
        users = _Users(self)  # type: ignore[abstract]
        token_service_pb2_grpc.add_TokenServiceServicer_to_server(tokens, server)
        policy_service_pb2_grpc.add_PolicyServiceServicer_to_server(_Policy(self), server)
        user_service_pb2_grpc.add_UserServiceServicer_to_server(users, server)

    async def answer(self, name: str, request: object, context: Context, otherwise: object) -> Any:  # noqa: ANN401
        self.calls[name] += 1
        self.contexts.append(context)
        answer = self.answers.get(name)
        return otherwise if answer is None else await answer(request, context)


class _Tokens(token_service_pb2_grpc.TokenServiceServicer):
    def __init__(self, script: Scripted) -> None:
        self._script = script

    async def IssueToken(self, request: object, context: Context) -> Any:  # noqa: N802, ANN401
        return await self._script.answer("IssueToken", request, context, token_service_pb2.Token())

    async def GetIdentity(self, request: object, context: Context) -> Any:  # noqa: N802, ANN401
        return await self._script.answer(
            "GetIdentity", request, context, token_service_pb2.Identity()
        )

    async def GetSigningKeys(self, request: object, context: Context) -> Any:  # noqa: N802, ANN401
        return await self._script.answer(
            "GetSigningKeys", request, context, token_service_pb2.JsonWebKeySet()
        )


class _Policy(policy_service_pb2_grpc.PolicyServiceServicer):
    def __init__(self, script: Scripted) -> None:
        self._script = script

    async def WatchPolicy(  # noqa: N802
        self, request: object, context: Context
    ) -> AsyncIterator[policy_service_pb2.PolicyEvent]:
        self._script.calls["WatchPolicy"] += 1
        if self._script.stream is not None:
            async for event in self._script.stream(request, context):
                yield event

    async def ConfirmPolicy(  # noqa: N802
        self, request: policy_service_pb2.ConfirmPolicyRequest, context: Context
    ) -> policy_service_pb2.ConfirmPolicyResponse:
        self._script.confirmed.put_nowait(request)
        return policy_service_pb2.ConfirmPolicyResponse()


class _Users(user_service_pb2_grpc.UserServiceServicer):
    def __init__(self, script: Scripted) -> None:
        self._script = script

    async def CreateUser(self, request: object, context: Context) -> Any:  # noqa: N802, ANN401
        return await self._script.answer("CreateUser", request, context, auth_pb2.User())

    async def GetUser(self, request: object, context: Context) -> Any:  # noqa: N802, ANN401
        return await self._script.answer("GetUser", request, context, auth_pb2.User())


def create_user(
    name: str = "Ann", request_id: str = "", password: str = PASSWORD
) -> user_service_pb2.CreateUserRequest:
    return user_service_pb2.CreateUserRequest(
        user=auth_pb2.User(email="ann@acme.example", display_name=name, roles=["agent"]),
        password=password,
        request_id=request_id,
    )
