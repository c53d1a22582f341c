"""Why search refuses: a class for each value of `helpdesk.search.v1.ErrorReason`."""

from datetime import timedelta

from services.mesh.errors import Aborted, InvalidArgument, NotFound, Unavailable

DOMAIN = "helpdesk.search"


class DocumentNotFound(NotFound):
    """The tenant has no such document."""

    domain = DOMAIN
    reason = "DOCUMENT_NOT_FOUND"

    def __init__(self, document_id: str) -> None:
        super().__init__("There is no such document.", metadata={"document_id": document_id})


class VersionNotFound(NotFound):
    """The document has no such version."""

    domain = DOMAIN
    reason = "VERSION_NOT_FOUND"

    def __init__(self, document_id: str, version: int) -> None:
        super().__init__(
            f"The document has no version {version}.",
            metadata={"document_id": document_id, "version": str(version)},
        )


class DocumentEmpty(InvalidArgument):
    """The document holds no text that could be searched."""

    domain = DOMAIN
    reason = "DOCUMENT_EMPTY"

    def __init__(self, source_uri: str) -> None:
        super().__init__(
            "The document holds no text that could be searched.",
            metadata={"source_uri": source_uri},
        )


class DocumentNotText(InvalidArgument):
    """The document is not text in UTF-8."""

    domain = DOMAIN
    reason = "DOCUMENT_NOT_TEXT"

    def __init__(self, source_uri: str) -> None:
        shown = source_uri.encode(errors="replace").decode().replace("\0", "\ufffd")
        super().__init__("The document is not text in UTF-8.", metadata={"source_uri": shown})


class _FileRefused(InvalidArgument):
    """A file that cannot become a document; `detail` says why in a few words."""

    domain = DOMAIN

    def __init__(self, source_uri: str, detail: str) -> None:
        shown = source_uri.encode(errors="replace").decode().replace("\0", "\ufffd")
        super().__init__(f"{shown}: {detail}.", metadata={"source_uri": shown, "detail": detail})


class FormatUnknown(_FileRefused):
    """The file is in none of the formats that can be imported."""

    reason = "DOCUMENT_FORMAT_UNKNOWN"


class FormatMismatch(_FileRefused):
    """The file's name, or its stated media type, says another format than its bytes."""

    reason = "DOCUMENT_FORMAT_MISMATCH"


class DocumentDamaged(_FileRefused):
    """The file is damaged."""

    reason = "DOCUMENT_DAMAGED"


class DocumentEncrypted(_FileRefused):
    """The file is encrypted."""

    reason = "DOCUMENT_ENCRYPTED"


class DocumentOnlyPictures(_FileRefused):
    """The file holds pictures of pages and no text."""

    reason = "DOCUMENT_ONLY_PICTURES"


class DocumentTooLarge(_FileRefused):
    """The file, or what it unpacks or is converted to, is too large or too deeply nested."""

    reason = "DOCUMENT_TOO_LARGE"


class DocumentUnsafe(_FileRefused):
    """The file holds what no honest document needs."""

    reason = "DOCUMENT_UNSAFE"


class DocumentTooCostly(_FileRefused):
    """The conversion takes more time or memory than one file may have."""

    reason = "DOCUMENT_TOO_COSTLY"


class ConversionFailed(_FileRefused):
    """The converter ended without an answer."""

    reason = "DOCUMENT_CONVERSION_FAILED"


class EncodingUnclear(_FileRefused):
    """The file is in no single encoding that can be told."""

    reason = "DOCUMENT_ENCODING_UNCLEAR"


class ReadersUnclear(InvalidArgument):
    """The front matter says that not everybody may read, but not who may."""

    domain = DOMAIN
    reason = "READERS_UNCLEAR"

    def __init__(self, source_uri: str) -> None:
        super().__init__(
            "The front matter's `readers` must name roles, users as `user:ID`, or be `*`.",
            metadata={"source_uri": source_uri},
        )


class EffectiveDatesReversed(InvalidArgument):
    """The dates of a version end before they begin."""

    domain = DOMAIN
    reason = "EFFECTIVE_DATES_REVERSED"

    def __init__(self, source_uri: str) -> None:
        super().__init__(
            "The document's dates end before they begin.", metadata={"source_uri": source_uri}
        )


class PublicationUnclear(InvalidArgument):
    """The front matter's state or dates say nothing known, so that nobody can tell who finds it."""

    domain = DOMAIN
    reason = "PUBLICATION_UNCLEAR"

    def __init__(self, source_uri: str, key: str) -> None:
        meant = "draft, published or archived" if key == "state" else "a date such as 2027-01-06"
        super().__init__(
            f"The front matter's `{key}` must be {meant}.",
            metadata={"source_uri": source_uri, "key": key},
        )


class VersionNotNewest(Aborted):
    """Somebody has put a newer version meanwhile."""

    domain = DOMAIN
    reason = "VERSION_NOT_NEWEST"

    def __init__(self, document_id: str, version: int) -> None:
        super().__init__(
            f"A newer version has been put since version {version}; look at it first.",
            metadata={"document_id": document_id, "version": str(version)},
        )


class QueryEmpty(InvalidArgument):
    """The question holds no word that could be searched for."""

    domain = DOMAIN
    reason = "QUERY_EMPTY"

    def __init__(self) -> None:
        super().__init__("The question holds no word that could be searched for.")


class EncoderUnavailable(Unavailable):
    """The server that turns texts into vectors does not answer, or not as it has to."""

    domain = DOMAIN
    reason = "ENCODER_UNAVAILABLE"

    def __init__(self, problem: str) -> None:
        super().__init__(
            "Documents cannot be made searchable at the moment.", retry_after=timedelta(seconds=5)
        )
        self.problem = problem

    def __str__(self) -> str:
        return self.problem


class GoldenSetNotFound(NotFound):
    """The tenant has no such golden set."""

    domain = DOMAIN
    reason = "GOLDEN_SET_NOT_FOUND"

    def __init__(self, golden_set_id: str) -> None:
        super().__init__("There is no such golden set.", metadata={"golden_set_id": golden_set_id})


class RecipesMixed(Exception):
    """Vectors of one encoder on their way to the index of another; a fault in here if ever."""


class IndexUnavailable(Exception):
    """The vector index does not answer; never leaves the service, which goes on with keywords."""
