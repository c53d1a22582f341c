#!/usr/bin/env bash
# Starts the mesh in a data folder of its own, asks a question, opens a ticket, reads it back, stops.
# The exit code is the answer.
set -euo pipefail
cd "$(dirname "$0")"
make --no-print-directory install


free_ports() {
  .venv/bin/python - "$@" <<'PYTHON'
import socket, sys
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in sys.argv[1:]]
for name, each in zip(sys.argv[1:], sockets):
    print(f"export HELPDESK_{name}_PORT={each.getsockname()[1]}")
PYTHON
}
eval "$(free_ports HTTP HTTPS ADMIN BRIDGE AUTH TICKET SEARCH CHAT)"
HELPDESK_DATA="$(mktemp -d)"
export HELPDESK_DATA
helpdesk=.venv/bin/helpdesk
trap '$helpdesk down >/dev/null 2>&1 || true; rm -rf "$HELPDESK_DATA"' EXIT

field() { .venv/bin/python -c "import json, sys; print(json.load(sys.stdin)$1)"; }

echo "· starting"
make --no-print-directory up ARGS=--detach
$helpdesk status

echo "· asking"
answer="$($helpdesk ask --tenant acme -o json "How do I reset my password?")"
[ "$(field "['outcome']" <<<"$answer")" = ANSWER_OUTCOME_ANSWERED ]
echo "  answered from: $(field "['citations'][0]['title']" <<<"$answer")"

echo "· opening a ticket"
created="$($helpdesk tickets create --tenant acme -o json --subject "Printer on fire" --body "Smoke from building 2.")"
ticket="$(field "['ticketId']" <<<"$created")"
read_back="$($helpdesk tickets show "$ticket" --tenant acme -o json)"
[ "$(field "['subject']" <<<"$read_back")" = "Printer on fire" ]
echo "  ticket #$(field "['number']" <<<"$read_back") was read back"

echo "· stopping"
$helpdesk down
if $helpdesk status >/dev/null 2>&1; then
  echo "still running after down" >&2
  exit 1
fi
echo "smoke: 1 passed, 0 failed"
