"""The encoders that the settings name: the one to use, and the one that was used before."""

import structlog

from services.search.encoder.onnx import OnnxEncoder, name_of_model
from services.search.errors import EncoderUnavailable
from services.search.ports import Encoder
from services.search.settings import SearchSettings
from services.search.vectors import recipe_of

_log = structlog.get_logger()


def chosen_encoder(settings: SearchSettings) -> Encoder:
    """Blocks while it loads or asks a server. Raises EncoderUnavailable when none answers."""
    if settings.encoder == "builtin":
        return OnnxEncoder(threads=settings.encoder_threads)
    return _remote(
        settings.encoder,
        settings.encoder_url,
        settings.encoder_model,
        settings.encoder_api_key,
        (settings.encoder_question_prefix, settings.encoder_passage_prefix),
    )


def encoder_of(settings: SearchSettings, recipe: str) -> Encoder | None:
    """The one of a recipe, when it is built in or the settings name it as the previous one."""
    if recipe == recipe_of(name_of_model()):
        return OnnxEncoder(threads=settings.encoder_threads)
    if settings.previous_encoder == "builtin":
        return None
    try:
        previous = _remote(
            settings.previous_encoder,
            settings.previous_encoder_url,
            settings.previous_encoder_model,
            settings.previous_encoder_api_key,
            (settings.previous_encoder_question_prefix, settings.previous_encoder_passage_prefix),
        )
    except EncoderUnavailable as error:
        _log.warning("previous encoder is unavailable", error=str(error))
        return None
    if recipe == recipe_of(previous.name):
        return previous
    previous.close()
    return None


def _remote(
    kind: str, url: str | None, model: str | None, api_key: str | None, prefixes: tuple[str, str]
) -> Encoder:
    # Only those with a server should wait for the import of its client.
    from services.search.encoder.remote import (  # noqa: PLC0415
        OllamaDialect,
        OpenAiDialect,
        Prefixes,
        RemoteEncoder,
    )

    return RemoteEncoder(
        str(url),
        str(model),
        OllamaDialect() if kind == "ollama" else OpenAiDialect(),
        prefixes=Prefixes(*prefixes),
        api_key=api_key,
    )
