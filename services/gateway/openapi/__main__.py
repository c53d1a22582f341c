"""`python -m services.gateway.openapi [--check]`: writes gen/openapi/helpdesk.json or checks it."""

import argparse
import sys
from pathlib import Path

from services.gateway.openapi.document import openapi_text

ROOT = Path(__file__).resolve().parents[3]
DESCRIPTORS = ROOT / "gen" / "descriptors" / "helpdesk.binpb"
DOCUMENT = ROOT / "gen" / "openapi" / "helpdesk.json"


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--check", action="store_true", help="compare, write nothing")
    text = openapi_text(DESCRIPTORS.read_bytes())
    if not arguments.parse_args().check:
        DOCUMENT.parent.mkdir(parents=True, exist_ok=True)
        DOCUMENT.write_text(text)
        return 0
    if DOCUMENT.exists() and DOCUMENT.read_text() == text:
        return 0
    print("gen/openapi/helpdesk.json is stale; run `make generate`", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
