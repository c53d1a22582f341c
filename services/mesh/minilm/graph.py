"""Writes MiniLM-L6 as an ONNX graph, node by node, with 8-bit weights and activations.

It needs the `train` extra.
"""

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

Floats = npt.NDArray[np.float32]
Weights = dict[str, Floats]

WIDTH = 384
_MICROSOFT = "com.microsoft"  # the domain of onnxruntime's own operators
_OPSET, _IR_VERSION = 21, 10
_LAYERS, _HEADS = 6, 12
_EPSILON = 1e-12
_ACTIVATION_LEVELS, _ACTIVATION_ZERO = 127, 128
# Processors without VNNI add pairs of uint8 x int8 products in 16 bits. 2 x 255 x 63 still fits.
_WEIGHT_LEVELS = 63


class Graph:
    """Collects nodes and constants; every method returns the name of the tensor it makes."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, value: npt.NDArray[np.generic]) -> str:
        self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def node(self, operator: str, *inputs: str, domain: str = "", **attributes: object) -> str:
        return self.nodes_out(operator, inputs, 1, domain, **attributes)[0]

    def nodes_out(
        self, operator: str, inputs: tuple[str, ...], count: int, domain: str, **attributes: object
    ) -> list[str]:
        name = f"{operator}_{len(self.nodes)}"
        outputs = [f"{name}_{position}" for position in range(count)]
        self.nodes.append(
            helper.make_node(operator, inputs, outputs, name, domain=domain, **attributes)
        )
        return outputs

    def index(self, *values: int) -> str:
        return self.constant(f"index_{values}", np.array(values, np.int64))


def encoded(graph: Graph, weights: Weights, *, layers: int = _LAYERS) -> str:
    """Returns the vectors of all tokens, by text and place; the first layers may do."""
    hidden = _embed(graph, weights)
    # Tokens of all texts lie in one matrix, a row each; only attention needs to know the texts.
    hidden = graph.node("Reshape", hidden, graph.index(-1, WIDTH))
    rows = graph.node("Shape", hidden, end=1)
    zero = graph.constant("activation_zero", np.array(_ACTIVATION_ZERO, np.uint8))
    zeros = graph.node("Expand", zero, rows)
    by_text = graph.node("Concat", graph.node("Shape", "input_ids"), graph.index(-1), axis=0)
    mask = graph.node("Cast", "attention_mask", to=TensorProto.INT32)
    for layer in range(layers):
        prefix = f"encoder.layer.{layer}."
        hidden = _attention(graph, weights, prefix + "attention.", hidden, (zeros, by_text, mask))
        hidden = _feed_forward(graph, weights, prefix, hidden, zeros)
    return graph.node("Reshape", hidden, by_text)


def summed(graph: Graph, hidden: str) -> str:
    """Returns the sum of the vectors of each text."""
    mask = graph.node("Cast", "attention_mask", to=TensorProto.FLOAT)
    counted = graph.node("Mul", hidden, graph.node("Unsqueeze", mask, graph.index(2)))
    return graph.node("ReduceSum", counted, graph.index(1), keepdims=0)


def as_model(
    graph: Graph, name: str, output: tuple[str, int], properties: dict[str, str]
) -> onnx.ModelProto:
    """The last node of the graph makes the output, of a name and a width."""
    output_name, width = output
    graph.nodes[-1].output[0] = output_name
    inputs = [
        helper.make_tensor_value_info(given, TensorProto.INT64, ["batch", "sequence"])
        for given in ("input_ids", "attention_mask")
    ]
    value = helper.make_tensor_value_info(output_name, TensorProto.FLOAT, ["batch", width])
    body = helper.make_graph(graph.nodes, name, inputs, [value], list(graph.constants.values()))
    versions = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_MICROSOFT, 1)]
    model = helper.make_model(body, opset_imports=versions, ir_version=_IR_VERSION)
    helper.set_model_props(model, properties)
    return model


def _embed(graph: Graph, weights: Weights) -> str:
    levels, scale = _by_row(weights["embeddings.word_embeddings.weight"], _ACTIVATION_LEVELS)
    words = graph.node("Gather", graph.constant("words", levels), "input_ids")
    words = graph.node("Cast", words, to=TensorProto.FLOAT)
    scales = graph.node("Gather", graph.constant("word_scales", scale), "input_ids")
    words = graph.node("Mul", words, scales)
    # Every token is of the first type, so its vector is added to the positions once and for all.
    positions = (
        weights["embeddings.position_embeddings.weight"]
        + weights["embeddings.token_type_embeddings.weight"][0]
    )
    length = graph.node("Shape", "input_ids", start=1, end=2)
    used = graph.node("Slice", graph.constant("positions", positions), graph.index(0), length)
    return _normalise(graph, weights, "embeddings.LayerNorm.", graph.node("Add", words, used))


def _attention(
    graph: Graph, weights: Weights, prefix: str, hidden: str, shared: tuple[str, str, str]
) -> str:
    zeros, by_text, mask = shared
    parts = [f"{prefix}self.{part}." for part in ("query", "key", "value")]
    weight = np.concatenate([weights[part + "weight"] for part in parts])
    bias = np.concatenate([weights[part + "bias"] for part in parts])
    joint = _multiply(graph, prefix + "self", weight, hidden, zeros)
    joint = graph.node("Reshape", joint, by_text)
    heads = graph.nodes_out("Split", (joint,), len(parts), "", axis=-1, num_outputs=len(parts))
    bias_name = graph.constant(prefix + "self.bias", bias)
    seen = graph.node(
        "MultiHeadAttention", *heads, bias_name, mask, domain=_MICROSOFT, num_heads=_HEADS
    )
    seen = graph.node("Reshape", seen, graph.index(-1, WIDTH))
    return _project(graph, weights, prefix + "output.", seen, (hidden, zeros))


def _feed_forward(graph: Graph, weights: Weights, prefix: str, hidden: str, zeros: str) -> str:
    name = prefix + "intermediate.dense."
    wide = _multiply(graph, name, weights[name + "weight"], hidden, zeros)
    bias = _constants(graph, weights, name + "bias")
    wide = graph.node("BiasGelu", wide, *bias, domain=_MICROSOFT)
    return _project(graph, weights, prefix + "output.", wide, (hidden, zeros))


def _project(
    graph: Graph, weights: Weights, prefix: str, inner: str, shared: tuple[str, str]
) -> str:
    hidden, zeros = shared
    name = prefix + "dense."
    narrow = _multiply(graph, name, weights[name + "weight"], inner, zeros)
    # The fused SkipLayerNormalization takes nine times as long as its three parts on a CPU.
    narrow = graph.node("Add", narrow, *_constants(graph, weights, name + "bias"))
    total = graph.node("Add", narrow, hidden)
    return _normalise(graph, weights, prefix + "LayerNorm.", total)


def _normalise(graph: Graph, weights: Weights, prefix: str, total: str) -> str:
    constants = _constants(graph, weights, prefix + "weight", prefix + "bias")
    return graph.node("LayerNormalization", total, *constants, epsilon=_EPSILON)


def _multiply(graph: Graph, name: str, weight: Floats, rows: str, zeros: str) -> str:
    # Each row of activations has a scale of its own: the usual dynamic quantisation has one for
    # the whole batch, and a text's vector would then depend on its neighbours.
    largest = graph.node("ReduceMax", graph.node("Abs", rows), graph.index(1), keepdims=0)
    step = graph.constant("activation_step", np.array(1 / _ACTIVATION_LEVELS, np.float32))
    row_scale = graph.node("Mul", largest, step)
    quantised = graph.node("QuantizeLinear", rows, row_scale, zeros, axis=0)
    levels, scale = _by_row(weight, _WEIGHT_LEVELS)
    product = graph.node(
        "MatMulIntegerToFloat",
        quantised,
        graph.constant(name + "levels", levels.T),
        graph.constant("one", np.array(1, np.float32)),
        graph.constant(name + "scale", scale[:, 0]),
        "activation_zero",
        domain=_MICROSOFT,
    )
    return graph.node("Mul", product, graph.node("Unsqueeze", row_scale, graph.index(1)))


def _by_row(matrix: Floats, largest: int) -> tuple[npt.NDArray[np.int8], Floats]:
    scale = np.abs(matrix).max(axis=1, keepdims=True) / np.float32(largest)
    scale[scale == 0] = 1
    return np.rint(matrix / scale).astype(np.int8), scale


def _constants(graph: Graph, weights: Weights, *names: str) -> list[str]:
    return [graph.constant(name, weights[name]) for name in names]
