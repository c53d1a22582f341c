"""The encoder that the settings name."""

from services.search.encoder.onnx import OnnxEncoder
from services.search.ports import Encoder
from services.search.settings import SearchSettings


def chosen_encoder(settings: SearchSettings) -> Encoder:
    """Blocks while it loads or asks a server. Raises EncoderUnavailable when none answers."""
    if settings.encoder == "builtin":
        return OnnxEncoder(threads=settings.encoder_threads)
    # Only those with a server should wait for the import of its client.
    from services.search.encoder.remote import (  # noqa: PLC0415
        OllamaDialect,
        OpenAiDialect,
        Prefixes,
        RemoteEncoder,
    )

    return RemoteEncoder(
        str(settings.encoder_url),
        str(settings.encoder_model),
        OllamaDialect() if settings.encoder == "ollama" else OpenAiDialect(),
        prefixes=Prefixes(settings.encoder_question_prefix, settings.encoder_passage_prefix),
        api_key=settings.encoder_api_key,
    )
