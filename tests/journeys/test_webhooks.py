"""An admin has what happens posted, and sees what came of it."""

import time
from typing import Any

from tests.support.installation import Installation

URL = "https://hooks.acme.example/helpdesk"


def test_an_admin_keeps_a_webhook(mesh: Installation) -> None:
    def hooks(verb: str, *words: str) -> Any:  # noqa: ANN401 - JSON
        return mesh.json("webhooks", verb, *words, "--tenant", "acme")

    made = hooks("add", URL, "--event", "ticket.opened", "--description", "For the warehouse")
    assert str(made["secret"]).startswith("whsec_")
    webhook_id = str(made["webhookId"])
    assert not hooks("show", webhook_id)["secret"]
    assert URL in mesh.run("webhooks", "list", "--tenant", "acme").stdout
    assert hooks("rotate", webhook_id, "--overlap", "1")["secret"] != made["secret"]

    hooks("test", webhook_id)
    # No machine knows the name, and nobody waits for it any longer than that.
    for _ in range(100):
        [delivery] = hooks("deliveries", webhook_id)["deliveries"]
        if delivery.get("problem"):
            break
        time.sleep(0.2)
    assert delivery["problem"] == "the name hooks.acme.example cannot be resolved"
    assert hooks("show", webhook_id)["problem"] == delivery["problem"]
    assert hooks("disable", webhook_id)["state"] == "WEBHOOK_STATE_DISABLED"
    refused = mesh.run("webhooks", "test", webhook_id, "--tenant", "acme")
    assert refused.returncode != 0
    assert "enable it first" in refused.stderr
    assert hooks("enable", webhook_id)["state"] == "WEBHOOK_STATE_ENABLED"
    assert mesh.run("webhooks", "delete", webhook_id, "--tenant", "acme").returncode == 0
    assert mesh.run("webhooks", "show", webhook_id, "--tenant", "acme").returncode != 0


def test_an_inward_address_is_refused(mesh: Installation) -> None:
    for url in ("https://169.254.169.254/latest", "https://2130706433/", "http://hooks.example/"):
        refused = mesh.run("webhooks", "add", url, "--tenant", "acme")
        assert refused.returncode != 0
        assert "error: webhook.url: " in refused.stderr
