import shutil
import stat
from datetime import datetime, timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from services.mesh.certificates import LEAF_LIFE, SERVICES, ensure_certificates
from services.mesh.clock import utc_now


def leaf(folder: Path, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / name / "cert.pem").read_bytes())


def authorities(folder: Path) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates((folder / "ca.pem").read_bytes())


def at(now: datetime) -> datetime:
    return now


def after(time: timedelta) -> datetime:
    return utc_now() + time


def test_each_service_gets_one_spiffe_name_and_one_dns_name(mesh_certificates: Path) -> None:
    for name in SERVICES:
        names = leaf(mesh_certificates, name).extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        )
        assert names.value.get_values_for_type(x509.UniformResourceIdentifier) == [
            f"spiffe://helpdesk.internal/svc/{name}"
        ]
        assert names.value.get_values_for_type(x509.DNSName) == [f"{name}.helpdesk.internal"]


def test_a_leaf_serves_and_calls_and_lives_a_day_at_most(mesh_certificates: Path) -> None:
    ticket = leaf(mesh_certificates, "ticket")
    usage = ticket.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(usage) == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    assert ticket.not_valid_after_utc - ticket.not_valid_before_utc <= LEAF_LIFE
    ticket.verify_directly_issued_by(authorities(mesh_certificates)[0])


def test_the_edge_is_localhost_and_no_service(mesh_certificates: Path) -> None:
    names = leaf(mesh_certificates, "edge").extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert names.value.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(one) for one in names.value.get_values_for_type(x509.IPAddress)] == [
        "127.0.0.1",
        "::1",
    ]
    assert names.value.get_values_for_type(x509.UniformResourceIdentifier) == []


def test_only_the_owner_reads_keys(mesh_certificates: Path) -> None:
    keys = [*mesh_certificates.glob("*/key.pem"), mesh_certificates / "ca.key"]
    assert len(keys) == len(SERVICES) + 2
    assert {stat.S_IMODE(key.stat().st_mode) for key in keys} == {0o600}


def test_what_is_fresh_is_left_alone(tmp_path: Path) -> None:
    ensure_certificates(tmp_path)
    before = [leaf(tmp_path, name) for name in SERVICES]
    ensure_certificates(tmp_path, clock=lambda: after(LEAF_LIFE * 0.6))
    assert [leaf(tmp_path, name) for name in SERVICES] == before


def test_a_leaf_is_renewed_when_a_third_of_its_life_is_left(tmp_path: Path) -> None:
    ensure_certificates(tmp_path, ["ticket"])
    before = leaf(tmp_path, "ticket")
    ensure_certificates(tmp_path, ["ticket"], clock=lambda: after(LEAF_LIFE * 0.7))
    assert leaf(tmp_path, "ticket") != before
    assert (tmp_path / "ticket").is_symlink()


def test_old_versions_are_removed(tmp_path: Path) -> None:
    for days in range(5):
        now = after(days * LEAF_LIFE)
        ensure_certificates(tmp_path, ["ticket"], clock=partial(at, now))
    assert len(list((tmp_path / ".versions").glob("ticket-*"))) == 2


def test_a_new_authority_has_a_new_name_and_the_old_stays_trusted(tmp_path: Path) -> None:
    ensure_certificates(tmp_path, ["ticket"])
    (old,) = authorities(tmp_path)
    ensure_certificates(tmp_path, ["ticket"], clock=lambda: after(timedelta(days=4 * 365)))
    new, kept = authorities(tmp_path)
    assert kept == old
    assert new.subject != old.subject
    assert new.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    leaf(tmp_path, "ticket").verify_directly_issued_by(new)


def test_certificates_brought_along_are_never_touched(tmp_path: Path) -> None:
    ensure_certificates(tmp_path)
    (tmp_path / "ca.key").unlink()
    shutil.rmtree(tmp_path / ".versions")
    ensure_certificates(tmp_path)
    assert not (tmp_path / "ca.key").exists()
    assert not (tmp_path / "ticket").exists()


def test_a_lost_key_makes_a_new_authority(tmp_path: Path) -> None:
    ensure_certificates(tmp_path, ["ticket"])
    other = tmp_path / "other"
    ensure_certificates(other, ["ticket"])
    shutil.copy(other / "ca.key", tmp_path / "ca.key")
    ensure_certificates(tmp_path, ["ticket", "search"])
    new, old = authorities(tmp_path)
    leaf(tmp_path, "ticket").verify_directly_issued_by(old)
    leaf(tmp_path, "search").verify_directly_issued_by(new)


def test_a_leaf_of_an_authority_that_nobody_trusts_is_made_anew(tmp_path: Path) -> None:
    ensure_certificates(tmp_path, ["ticket"])
    (tmp_path / "ca.pem").unlink()
    ensure_certificates(tmp_path, ["ticket"])
    (only,) = authorities(tmp_path)
    leaf(tmp_path, "ticket").verify_directly_issued_by(only)


@pytest.mark.parametrize("processes", [4])
def test_processes_that_start_at_once_agree(tmp_path: Path, processes: int) -> None:
    with get_context("spawn").Pool(processes) as pool:
        pool.map(ensure_certificates, [tmp_path] * processes)
    assert len(authorities(tmp_path)) == 1
    assert len(list((tmp_path / ".versions").iterdir())) == len(SERVICES) + 1
    for name in SERVICES:
        leaf(tmp_path, name).verify_directly_issued_by(authorities(tmp_path)[0])
