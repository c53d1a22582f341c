"""What triage is measured beside, made in the same run from the same rows."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from services.search.encoder.onnx import OnnxEncoder

Labels = npt.NDArray[np.int64]
Predict = Callable[[Sequence[str]], Labels]


def linear_svm(texts: Sequence[str], labels: Labels) -> Predict:
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    fitted = make_pipeline(words, LinearSVC(C=0.3)).fit(texts, labels)
    return lambda asked: np.asarray(fitted.predict(asked))


def frozen_head(texts: Sequence[str], labels: Labels) -> Predict:
    encoder = OnnxEncoder()
    fitted = LogisticRegression(C=10.0, max_iter=300).fit(encoder.encode(texts), labels)
    return lambda asked: np.asarray(fitted.predict(encoder.encode(asked)))
