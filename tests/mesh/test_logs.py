import json
import os
import subprocess
import sys

from services.mesh.settings import REPOSITORY

PROGRAM = """
import logging, structlog
from services.mesh.call import begin_call
from services.mesh.logs import configure_logs
from services.mesh.settings import MeshSettings

configure_logs("ticket", MeshSettings())
call = begin_call("/a.B/C", {"x-request-id": ["req-7"]})
call.trace_id, call.span_id = "t", "s"
structlog.get_logger().info("one", text="line\\r\\nforged \\x1b[31m")
logging.getLogger("library").warning("two\\nforged")
logging.getLogger("library").info("not wanted")
structlog.get_logger().debug("not wanted")
try:
    raise ValueError("three\\nforged")
except ValueError:
    structlog.get_logger().exception("three")
"""


def run(format_: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        check=True,
        cwd=REPOSITORY,
        env={
            **os.environ,
            "HELPDESK_LOG_FORMAT": format_,
            "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'gen' / 'python'}",
        },
    )


def test_each_record_is_one_line_of_json_on_stderr() -> None:
    ended = run("json")
    assert ended.stdout == ""
    assert "\x1b" not in ended.stderr
    lines = [json.loads(line) for line in ended.stderr.splitlines()]
    assert [line["event"] for line in lines] == ["one", "two\nforged", "three"]
    for line in lines:
        assert line["service"] == "ticket"
        assert line["request_id"] == "req-7"
        assert (line["trace_id"], line["span_id"]) == ("t", "s")


def test_text_is_for_people() -> None:
    assert "one" in run("text").stderr
