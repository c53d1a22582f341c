"""Secrets that the database alone does not give away."""

import stat
from pathlib import Path

import pytest

from services.mesh.caller import TenantId
from services.mesh.errors import Internal
from services.mesh.sealed import Sealer, sealing_keys

ACME, GLOBEX = TenantId("acme"), TenantId("globex")
KEY, OTHER_KEY = b"k" * 32, b"o" * 32


def test_a_sealed_secret_opens_for_its_tenant_and_purpose_and_shows_nothing() -> None:
    sealer = Sealer({"k1": KEY})
    sealed = sealer.seal("hunter2", ACME, "client secret")
    assert "hunter2" not in sealed
    assert sealed != sealer.seal("hunter2", ACME, "client secret")
    assert sealer.open(sealed, ACME, "client secret") == "hunter2"


@pytest.mark.parametrize(("tenant", "purpose"), [(GLOBEX, "client secret"), (ACME, "other")])
def test_it_opens_nowhere_else(tenant: TenantId, purpose: str) -> None:
    sealer = Sealer({"k1": KEY})
    sealed = sealer.seal("hunter2", ACME, "client secret")
    with pytest.raises(Internal):
        sealer.open(sealed, tenant, purpose)


@pytest.mark.parametrize("sealed", ["", "k1.", "k1.!!", "k1.AAAA", "k9.AAAA"])
def test_what_was_never_sealed_does_not_open(sealed: str) -> None:
    with pytest.raises(Internal):
        Sealer({"k1": KEY}).open(sealed, ACME, "client secret")


def test_no_changed_bit_goes_unnoticed() -> None:
    sealer = Sealer({"k1": KEY})
    sealed = sealer.seal("hunter2", ACME, "p")
    for place in range(3, len(sealed) - 2):
        changed = sealed[:place] + ("A" if sealed[place] != "A" else "B") + sealed[place + 1 :]
        with pytest.raises(Internal):
            sealer.open(changed, ACME, "p")


def test_the_newest_key_seals_and_an_older_one_still_opens() -> None:
    old = Sealer({"k1": KEY}).seal("hunter2", ACME, "p")
    both = Sealer({"k2": OTHER_KEY, "k1": KEY})
    assert both.open(old, ACME, "p") == "hunter2"
    assert both.seal("hunter2", ACME, "p").startswith("k2.")
    with pytest.raises(Internal):
        Sealer({"k2": OTHER_KEY}).open(old, ACME, "p")


def test_the_key_is_made_once_in_a_file_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "auth" / "sealing-keys"
    sealed = Sealer(sealing_keys(file)).seal("hunter2", ACME, "p")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert Sealer(sealing_keys(file)).open(sealed, ACME, "p") == "hunter2"
