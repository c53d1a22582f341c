"""What is read out of mails that people, machines and enemies write."""

from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ticket.mail import message
from services.ticket.mail.message import read_mail
from services.ticket.mail.text import own_words, text_of_html
from tests.ticket.mail.mails import a_mail


def test_plain_text_comes_before_html() -> None:
    mail = a_mail("Plain.")
    mail.add_alternative("<p>HTML.</p>", subtype="html")

    assert read_mail(mail.as_bytes()).text == "Plain."


def test_html_becomes_text_and_what_is_not_shown_is_left_out() -> None:
    html = (
        "<html><head><title>t</title><style>p {}</style></head><body><p>One<br>two &lt;b&gt;</p>"
        "<script>alert(1)</script><div>three</div></body></html>"
    )

    assert text_of_html(html) == "One\ntwo <b>\n\nthree"


def test_files_are_told_apart_from_the_text() -> None:
    mail = a_mail("See the picture.")
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="bill.pdf")

    read = read_mail(mail.as_bytes())
    assert read.text == "See the picture."
    assert [(file.name, file.media_type) for file in read.files] == [
        ("bill.pdf", "application/pdf")
    ]


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "windows-1252", "no-such", "zlib"])
def test_any_charset_is_read_somehow(charset: str) -> None:
    raw = (
        f"From: a@example.com\r\nContent-Type: text/plain; charset={charset}\r\n\r\nGr".encode()
        + b"\xfc\xdfe"
    )

    assert "Gr" in read_mail(raw).text


def test_encoded_headers_are_read() -> None:
    sender = b"From: =?utf-8?q?M=C3=BCller?= <m@example.com>\r\n"
    raw = sender + b"Subject: =?utf-8?b?R3LDvMOfZQ==?=\r\n\r\n"

    read = read_mail(raw)
    assert (read.sender, read.subject) == ("m@example.com", "Grüße")


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"nobody",
        b"<>",
        b"a@b@c",
        b"(" * 1_000,
        b'"real@example.com" <>',
        b"\xff\xfe@example.com",
    ],
)
def test_a_sender_that_is_none_is_none(value: bytes) -> None:
    assert read_mail(b"From: " + value + b"\r\n\r\nText").sender == ""


def test_a_name_that_looks_like_an_address_is_not_the_sender() -> None:
    raw = b'From: "boss@example.com" <eve@example.net>\r\n\r\nText'

    assert read_mail(raw).sender == "eve@example.net"


def bombs() -> dict[str, bytes]:
    deep = b""
    for level in range(3_000):
        deep += b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level)
    nested = b"Content-Type: message/rfc822\r\n\r\n" * 3_000
    wide = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 200_000
    headers = b"X-A: b\r\n" * 300_000 + b"\r\nText"
    references = b"References: " + b"<a@b> " * 300_000 + b"\r\n\r\nText"
    return {
        "deep": deep,
        "nested": nested,
        "wide": wide,
        "headers": headers,
        "references": references,
        "nothing": b"",
        "bytes": bytes(range(256)) * 100,
        "broken base64": b"Content-Transfer-Encoding: base64\r\n\r\n!!!!",
        "no boundary": b"Content-Type: multipart/mixed\r\n\r\nText",
        "odd parameters": b"Content-Type: text/plain; charset*0*=x'y; charset*1=\r\n\r\nText",
        "odd file name": b"Content-Disposition: attachment; filename*=zz'yy'%FF%\r\n\r\nText",
    }


@pytest.mark.parametrize("name", bombs())
def test_what_is_made_to_break_is_read_as_far_as_it_goes(name: str) -> None:
    read = read_mail(b"From: eve@example.net\r\nSubject: Boom\r\n" + bombs()[name])

    assert read.sender == "eve@example.net"
    assert read.subject == "Boom"
    assert len(read.references) <= message.MOST_REFERENCES


def test_no_mail_holds_what_a_database_cannot_keep_or_a_terminal_obeys() -> None:
    raw = b"From: a@example.com\r\nSubject: a\x00\x1b[2Jb\r\n\r\nc\x00\x1b[2Jd"

    read = read_mail(raw)
    assert (read.subject, read.text) == ("a[2Jb", "c[2Jd")


@pytest.mark.parametrize(
    "text",
    [
        "Mine.\n\nOn Mon, 3 Nov 2026 at 10:00, Alex <a@example.com> wrote:\n> Yours?",
        "Mine.\n\nOn Mon, 3 Nov 2026 at 10:00, Alex Longname\n<a@example.com> wrote:\n> Yours?",
        "Mine.\n\nAm 03.11.2026 um 10:00 schrieb Alex:\n> Yours?",
        "Mine.\n\n-----Original Message-----\nFrom: Alex\nYours?",
        "Mine.\n\nFrom: Alex\nSent: Monday\nTo: Anna\n\nYours?",
        "Mine.\n-- \nAnna, Example Ltd.",
        "Mine.\n\n> Yours?\n> And?",
    ],
)
def test_an_answer_is_what_its_writer_wrote(text: str) -> None:
    assert own_words(text) == "Mine."


@pytest.mark.parametrize("text", ["> Yours?\nYes.", "On Monday it was out.", "> only a quote"])
def test_what_is_needed_to_understand_an_answer_stays(text: str) -> None:
    assert own_words(text) == text


def test_references_are_read_newest_first() -> None:
    mail: EmailMessage = a_mail(References="<a@x> <b@x>", In_Reply_To="<b@x>")

    assert read_mail(mail.as_bytes()).references == ("b@x", "b@x", "a@x")


PIECES = st.sampled_from(
    [
        b"From: a@example.com\r\n",
        b"From: =?utf-8?b?//8=?= <@>\r\n",
        b"Subject: =?x?q?=FF?= =?utf-8?b?A?=\r\n",
        b"Content-Type: multipart/mixed; boundary=b\r\n",
        b"Content-Type: multipart/alternative; boundary*0=b; boundary*1*=''%\r\n",
        b"Content-Type: message/rfc822\r\n",
        b"Content-Type: message/delivery-status\r\n",
        b"Content-Type: text/html; charset=utf-16\r\n",
        b"Content-Type: ;;=\r\n",
        b"Content-Transfer-Encoding: x-uuencode\r\n",
        b"Content-Transfer-Encoding: base64\r\n",
        b"Content-Disposition: attachment; filename*0*=utf-8''%00; filename=\r\n",
        b"References: <a@b> <>\r\n",
        b"\r\n",
        b"--b\r\n",
        b"--b--\r\n",
        b"<p>a<br><script>b",
        b"begin 644 x\n#0V%T\n",
    ]
)


@given(st.lists(PIECES | st.binary(max_size=20), max_size=20))
def test_nothing_that_anybody_sends_is_beyond_reading(pieces: list[bytes]) -> None:
    read = read_mail(b"".join(pieces))

    for text in (read.subject, read.text, read.sender, *(file.shown_name for file in read.files)):
        assert "\0" not in text
        text.encode()
    assert read.message_id.encode()


def test_what_has_too_many_lines_for_its_levels_is_not_taken_apart() -> None:
    deep = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level)
        for level in range(20)
    )
    few, many = (read_mail(deep + b"\r\n" + b"x\r\n" * lines) for lines in (10, 100_000))

    assert "boundary=b9" not in few.text
    assert "boundary=b9" in many.text


def test_html_is_read_up_to_some_thousand_tags() -> None:
    assert text_of_html("<p>seen</p>" + "<div>" * 100_000 + "unseen") == "seen"
