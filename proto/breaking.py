"""Holds the committed contract against an earlier one: `python proto/breaking.py [REVISION]`.

Without a revision it takes the main branch of the remote, or else the last commit. Exits 1 and
names each change that would break a client, by buf's FILE rules.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IMAGE = "gen/descriptors/helpdesk.binpb"


def main() -> int:
    revision = sys.argv[1] if len(sys.argv) > 1 else default_revision()
    earlier = subprocess.run(
        ["git", "show", f"{revision}:{IMAGE}"], cwd=ROOT, capture_output=True, check=False
    )
    if earlier.returncode != 0:
        print(f"no contract at {revision} to compare with", file=sys.stderr)
        return 0
    return compare((ROOT / IMAGE).read_bytes(), earlier.stdout)


def default_revision() -> str:
    known = subprocess.run(
        ["git", "rev-parse", "--verify", "--quiet", "origin/main"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    return "origin/main" if known.returncode == 0 else "HEAD"


def compare(now: bytes, earlier: bytes) -> int:
    """buf's exit code for one descriptor set against an earlier one; 0 when nothing breaks."""
    with tempfile.TemporaryDirectory() as folder:
        images = {"now": now, "earlier": earlier}
        for name, image in images.items():
            (Path(folder) / f"{name}.binpb").write_bytes(image)
        return subprocess.run(
            [
                Path(sys.executable).parent / "buf",
                "breaking",
                f"{folder}/now.binpb",
                "--against",
                f"{folder}/earlier.binpb",
                "--config",
                ROOT / "buf.yaml",
                "--path",
                "helpdesk",
            ],
            check=False,
        ).returncode


if __name__ == "__main__":
    sys.exit(main())
