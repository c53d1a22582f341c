"""Writes an encoder, and the outputs on the mean of its tokens, as one 8-bit graph."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx

from services.mesh.minilm.graph import Graph, Weights, as_model, encoded, summed

Floats = npt.NDArray[np.float32]

OUTPUT = "scores"
_ORIGIN = "sentence-transformers/all-MiniLM-L6-v2, with outputs of Helpdesk's own"


def export(target: Path, encoder: Weights, head: tuple[Floats, Floats], *, layers: int) -> None:
    """`head` is a matrix with a column for each output, and what is added to each."""
    graph = Graph()
    total = summed(graph, encoded(graph, encoder, layers=layers))
    counted = graph.node("ReduceSum", "attention_mask", graph.index(1), keepdims=1)
    mean = graph.node("Div", total, graph.node("Cast", counted, to=onnx.TensorProto.FLOAT))
    weights, bias = (part.astype(np.float32) for part in head)
    product = graph.node("MatMul", mean, graph.constant("head", weights))
    graph.node("Add", product, graph.constant("head_bias", bias))
    properties = {"origin": _ORIGIN, "licence": "Apache-2.0"}
    onnx.save(as_model(graph, "ticket-triage", (OUTPUT, bias.size), properties), target)
