"""Dovecot and Exim as child processes: on ports of loopback, with all they keep in one folder."""

import imaplib
import os
import pwd
import shutil
import smtplib
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from time import monotonic, sleep

import pytest

PASSWORD = "mailbox-secret"
_PATIENCE_SECONDS = 60

_DOVECOT = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{folder}/server.pem
ssl_key = <{folder}/server.key
disable_plaintext_auth = no
auth_mechanisms = plain
mail_location = maildir:{folder}/mail/%Lu
first_valid_uid = 1
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/mail/%Lu
}}
namespace inbox {{
  inbox = yes
  mailbox Archive {{
    auto = create
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = {imaps_port}
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp_port}
  }}
}}
service anvil {{
  chroot =
}}
protocol lmtp {{
  auth_username_format = %Lu
}}
"""

_EXIM = """
spool_directory = {folder}/spool
log_file_path = {folder}/%slog
pid_file_path = {folder}/exim.pid
primary_hostname = mail.example.com
local_interfaces = 127.0.0.1
daemon_smtp_ports = {smtp_port}
tls_advertise_hosts =
host_lookup =
rfc1413_hosts =
keep_environment =
queue_run_in_order
acl_smtp_rcpt = take
begin acl
take:
  accept
begin routers
helpdesk:
  driver = accept
  domains = acme.example
  transport = helpdesk
customers:
  driver = accept
  domains = example.com
  transport = mailboxes
begin transports
helpdesk:
  driver = smtp
  protocol = {protocol}
  hosts = 127.0.0.1
  port = {helpdesk_port}
  allow_localhost
  hosts_try_dane =
mailboxes:
  driver = smtp
  protocol = lmtp
  hosts = 127.0.0.1
  port = {lmtp_port}
  allow_localhost
  hosts_try_dane =
begin retry
* * F,1h,1s
"""


@dataclass
class Dovecot:
    folder: Path
    imap_port: int
    imaps_port: int
    lmtp_port: int
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def certificate(self) -> Path:
        return self.folder / "server.pem"

    def start(self) -> None:
        self.process = subprocess.Popen(["dovecot", "-F", "-c", self.folder / "dovecot.conf"])
        for port in (self.imap_port, self.lmtp_port):
            _wait_for(port, self.process, self.folder / "dovecot.log")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(_PATIENCE_SECONDS)
            self.process = None

    def deliver(
        self, mail: EmailMessage | bytes, user: str, sender: str = "sender@example.com"
    ) -> None:
        raw = mail if isinstance(mail, bytes) else mail.as_bytes(policy=policy.SMTP)
        with smtplib.LMTP("127.0.0.1", self.lmtp_port) as lmtp:
            lmtp.sendmail(sender, [user], raw)

    @contextmanager
    def logged_in(self, user: str, folder: str = "INBOX") -> Iterator[imaplib.IMAP4]:
        with imaplib.IMAP4("127.0.0.1", self.imap_port) as connection:
            connection.login(user, PASSWORD)
            assert connection.select(folder)[0] == "OK"
            yield connection

    def mails(self, user: str, folder: str = "INBOX", which: str = "ALL") -> list[EmailMessage]:
        with self.logged_in(user, folder) as connection:
            numbers = connection.search(None, which)[1][0].split()
            return [_fetched(connection, number.decode()) for number in numbers]

    def wait_for_mails(self, user: str, count: int = 1) -> list[EmailMessage]:
        end = monotonic() + _PATIENCE_SECONDS
        while len(found := self.mails(user)) < count and monotonic() < end:
            sleep(0.1)
        return found


@dataclass(frozen=True)
class Exim:
    folder: Path
    smtp_port: int

    def send(self, mail: EmailMessage | bytes, to: list[str], *, sender: str) -> None:
        raw = mail if isinstance(mail, bytes) else mail.as_bytes(policy=policy.SMTP)
        with smtplib.SMTP("127.0.0.1", self.smtp_port) as smtp:
            smtp.sendmail(sender, to, raw)

    def log(self) -> str:
        return (self.folder / "mainlog").read_text(errors="replace")

    def run_queue(self) -> None:
        subprocess.run(["exim4", "-C", self.folder / "exim.conf", "-qff"], check=True)


@contextmanager
def running_dovecot() -> Iterator[Dovecot]:
    _need("dovecot")
    imap_port, imaps_port, lmtp_port = free_ports(3)
    with _folder() as folder:
        user = pwd.getpwnam("nobody")
        (folder / "mail").mkdir()
        shutil.chown(folder / "mail", user.pw_uid, user.pw_gid)
        _certify(folder)
        (folder / "dovecot.conf").write_text(
            _DOVECOT.format(
                folder=folder,
                password=PASSWORD,
                user=user.pw_uid,
                group=user.pw_gid,
                imap_port=imap_port,
                imaps_port=imaps_port,
                lmtp_port=lmtp_port,
            )
        )
        dovecot = Dovecot(folder, imap_port, imaps_port, lmtp_port)
        try:
            dovecot.start()
            yield dovecot
        finally:
            dovecot.stop()


@contextmanager
def running_exim(*, protocol: str, helpdesk_port: int, lmtp_port: int) -> Iterator[Exim]:
    """Mails to acme.example go to us, those to example.com into mailboxes."""
    _need("exim4")
    [smtp_port] = free_ports(1)
    with _folder() as folder:
        user = pwd.getpwnam("Debian-exim")
        shutil.chown(folder, user.pw_uid, user.pw_gid)
        (folder / "exim.conf").write_text(
            _EXIM.format(
                folder=folder,
                smtp_port=smtp_port,
                protocol=protocol,
                helpdesk_port=helpdesk_port,
                lmtp_port=lmtp_port,
            )
        )
        command = ["exim4", "-C", str(folder / "exim.conf"), "-bdf", "-q1s"]
        process = subprocess.Popen(command)
        try:
            _wait_for(smtp_port, process, folder / "paniclog")
            yield Exim(folder, smtp_port)
        finally:
            process.terminate()
            process.wait(_PATIENCE_SECONDS)


def free_ports(count: int) -> list[int]:
    """All are held until each is known, so that none is given twice."""
    held = [socket.socket() for _ in range(count)]
    try:
        for each in held:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in held]
    finally:
        for each in held:
            each.close()


@contextmanager
def _folder() -> Iterator[Path]:
    """Where other users may come in; pytest's folders are the own user's alone."""
    with tempfile.TemporaryDirectory(prefix="helpdesk-mail-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def _need(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    if os.getuid() != 0:
        pytest.skip(f"{program} changes users, which only root may")


def _certify(folder: Path) -> None:
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
            *("-keyout", folder / "server.key", "-out", folder / "server.pem"),
        ],
        check=True,
        capture_output=True,
    )


def _wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = monotonic() + _PATIENCE_SECONDS
    while monotonic() < end:
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            sleep(0.05)
        else:
            return
    pytest.fail(f"no server came up: {log.read_text() if log.exists() else ''}")


def _fetched(connection: imaplib.IMAP4, number: str) -> EmailMessage:
    part = connection.fetch(number, "(BODY.PEEK[])")[1][0]
    assert isinstance(part, tuple)
    return message_from_bytes(part[1], policy=policy.default)
