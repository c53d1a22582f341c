"""What is committed below gen/ is what the contract gives, and the contract breaks no client."""

import shutil
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2

from proto import breaking, generate
from services.mesh.settings import REPOSITORY

IMAGE = (REPOSITORY / "gen" / "descriptors" / "helpdesk.binpb").read_bytes()


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gen")
    generate.generate(folder)
    return folder


def test_the_generated_code_is_fresh(fresh: Path) -> None:
    assert generate.differences(fresh, REPOSITORY / "gen") == []


def test_a_stale_file_is_noticed(fresh: Path, tmp_path: Path) -> None:
    shutil.copytree(fresh, tmp_path / "gen")
    stale = tmp_path / "gen" / "python" / "helpdesk" / "chat" / "v1" / "chat_pb2.py"
    stale.write_text("# edited by hand\n")
    (tmp_path / "gen" / "python" / "left_over.py").touch()

    assert generate.differences(fresh, tmp_path / "gen") == [
        "python/helpdesk/chat/v1/chat_pb2.py",
        "python/left_over.py",
    ]


def test_an_unchanged_contract_breaks_nothing() -> None:
    assert breaking.compare(IMAGE, IMAGE) == 0


def test_a_field_that_is_gone_is_a_breaking_change() -> None:
    files = descriptor_pb2.FileDescriptorSet.FromString(IMAGE)
    for file in files.file:
        for message in file.message_type:
            if message.name == "Citation":
                del message.field[:]

    assert breaking.compare(files.SerializeToString(), IMAGE) != 0
