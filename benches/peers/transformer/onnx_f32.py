"""Writes the f32 twin of a dynamically quantised ONNX graph, for runtimes that read ONNX.

    python3 onnx_f32.py model_quantized.onnx model_f32.onnx

Each product of the quantised kind (activations made int8 on the way, MatMulInteger, Cast, Mul)
becomes a plain product with the weights that its numbers stand for: (q - zero) * scale. The weights
are those that corpus/model/dequantise.py writes. Needs numpy and onnx.
"""

import sys

import numpy as np
import onnx
from onnx import helper, numpy_helper

source, target = sys.argv[1:]
model = onnx.load(source)
graph = model.graph
constants = {tensor.name: tensor for tensor in graph.initializer}
maker = {name: node for node in graph.node for name in node.output}
users = {}
for node in graph.node:
    for name in node.input:
        users.setdefault(name, []).append(node)


def constant(name):
    """The numbers of a constant."""
    return numpy_helper.to_array(constants[name])


plain = {}
for node in graph.node:
    if node.op_type != "MatMulInteger":
        continue
    stem = node.input[1].removesuffix("_quantized")
    steps = constant(f"{stem}_quantized").astype(np.int32) - constant(f"{stem}_zero_point").astype(np.int32)
    weights = steps.astype(np.float32) * constant(f"{stem}_scale")
    graph.initializer.append(numpy_helper.from_array(weights, f"{stem}_plain"))
    (cast,) = users[node.output[0]]
    (scaled,) = users[cast.output[0]]
    activations = maker[node.input[0]].input[0]
    plain[scaled.name] = helper.make_node(
        "MatMul", [activations, f"{stem}_plain"], list(scaled.output), name=f"{node.name}_plain"
    )

# What nobody reads any more is left out, from the end of the graph to its beginning.
read = {output.name for output in graph.output}
kept = []
for node in reversed([plain.get(node.name, node) for node in graph.node]):
    if read.intersection(node.output):
        kept.append(node)
        read.update(node.input)
del graph.node[:]
graph.node.extend(reversed(kept))
tensors = [tensor for tensor in graph.initializer if tensor.name in read]
del graph.initializer[:]
graph.initializer.extend(tensors)
onnx.checker.check_model(model)
onnx.save(model, target)
