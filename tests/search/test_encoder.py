from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from services.search.encoder.onnx import OnnxEncoder

TEXTS = [
    "How do I reset my password?",
    "vpn",
    "The printer on the second floor prints empty pages since this morning. " * 12,
    "Outlook keeps asking for credentials after the certificate was renewed.",
    "",
    "Ich kann mich nicht anmelden - was nun? 🔑",
]


@pytest.fixture(scope="module")
def encoder() -> OnnxEncoder:
    return OnnxEncoder()


def test_every_text_gets_a_vector_of_length_one(encoder: OnnxEncoder) -> None:
    vectors = encoder.encode(TEXTS)

    assert vectors.shape == (len(TEXTS), encoder.dimensions)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


def test_no_texts_give_no_vectors(encoder: OnnxEncoder) -> None:
    assert encoder.encode([]).shape == (0, encoder.dimensions)


def test_a_vector_does_not_depend_on_the_texts_encoded_with_it(encoder: OnnxEncoder) -> None:
    texts = TEXTS * 20

    together = encoder.encode(texts)
    alone = np.concatenate([encoder.encode([text]) for text in texts])

    assert np.sum(together * alone, axis=1).min() > 0.9999


def test_vectors_keep_the_order_of_the_texts(encoder: OnnxEncoder) -> None:
    forwards = encoder.encode(TEXTS)
    backwards = encoder.encode(TEXTS[::-1])

    assert forwards == pytest.approx(backwards[::-1], abs=1e-3)


def test_more_texts_than_fit_one_window_are_all_encoded(encoder: OnnxEncoder) -> None:
    vectors = encoder.encode(["printer", "vpn"] * 600)

    assert vectors[-2:] == pytest.approx(vectors[:2], abs=1e-3)


def test_a_paraphrase_is_nearer_than_another_subject(encoder: OnnxEncoder) -> None:
    question, paraphrase, stranger = encoder.encode(
        [
            "How do I reset my password?",
            "I forgot my login secret and need a new one",
            "The cafeteria serves soup on Fridays",
        ]
    )

    assert question @ paraphrase > question @ stranger + 0.3


def test_what_is_past_the_token_limit_is_ignored(encoder: OnnxEncoder) -> None:
    long, longer = encoder.encode(["printer " * 300, "printer " * 5000])

    assert long @ longer > 0.9999


def test_threads_share_one_encoder(encoder: OnnxEncoder) -> None:
    expected = encoder.encode(TEXTS)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(encoder.encode, [TEXTS] * 8))

    for answer in answers:
        assert answer == pytest.approx(expected, abs=1e-3)


def test_the_name_tells_one_model_file_from_another(encoder: OnnxEncoder) -> None:
    assert encoder.name.startswith("minilm-l6-v2-")


def test_the_model_file_stays_small() -> None:
    model = Path(__file__).parents[2] / "services/search/encoder/minilm-l6-v2.onnx"

    assert model.stat().st_size < 30_000_000
