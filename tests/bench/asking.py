"""Asking: how long until the first event, the first words, and the whole answer."""

import time

import grpc

from helpdesk.chat.v1 import chat_service_pb2, chat_service_pb2_grpc
from tests.bench.load import Measured, summary
from tests.support.installation import Installation

QUESTIONS = (
    "I forgot my password, what now?",
    "How many days may I keep a loan laptop?",
    "The printer in my cell prints blank labels",
    "How do I get my visitor onto the wifi?",
    "My phone with the second factor is lost",
    "How big may my mailbox get?",
    "Who may install software on my laptop?",
    "I clicked on a strange link in a mail",
)


def measure(mesh: Installation, count: int) -> list[Measured]:
    metadata = (("authorization", f"Bearer {mesh.token('acme')}"),)
    first, words, whole = [], [], []
    with grpc.insecure_channel(mesh.url.removeprefix("http://")) as channel:
        stub = chat_service_pb2_grpc.ChatServiceStub(channel)
        start = time.perf_counter()
        for index in range(count):
            # A new tail each time, so that no cache of whole questions helps.
            text = f"{QUESTIONS[index % len(QUESTIONS)]} ({index})"
            request = chat_service_pb2.StreamMessageRequest(text=text)
            begun, spoken = time.perf_counter(), False
            for position, event in enumerate(stub.StreamMessage(request, metadata=metadata)):
                passed = time.perf_counter() - begun
                if position == 0:
                    first.append(passed)
                if event.HasField("delta") and not spoken:
                    spoken = True
                    words.append(passed)
            whole.append(time.perf_counter() - begun)
        seconds = time.perf_counter() - start
    return [
        summary("ask, first event", seconds, first),
        summary("ask, first words of an answer", seconds, words),
        summary("ask, whole answer", seconds, whole),
    ]
