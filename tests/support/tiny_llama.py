"""A language model of half a megabyte that says nothing sensible, served by a real llama.cpp."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LAYERS, _WIDTH, _HEADS, _INNER, _CONTEXT = 2, 64, 4, 128, 4096
_TEMPLATE = "{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}assistant:"


def write_model(path: Path) -> None:
    """Random weights and a vocabulary of bytes, as GGUF."""
    import gguf
    import numpy as np

    tokens = [b"<unk>", b"<s>", b"</s>", *(f"<0x{byte:02X}>".encode() for byte in range(256))]
    kinds = [gguf.TokenType.UNKNOWN, gguf.TokenType.CONTROL, gguf.TokenType.CONTROL, *[gguf.TokenType.BYTE] * 256]
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_context_length(_CONTEXT)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(_LAYERS)
    writer.add_feed_forward_length(_INNER)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(_WIDTH // _HEADS)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_chat_template(_TEMPLATE)
    dice = np.random.default_rng(7)
    for name, shape in _shapes(len(tokens)).items():
        values = np.ones(shape) if name.endswith("norm.weight") else dice.normal(0, 0.1, shape)
        writer.add_tensor(name, values.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _shapes(vocabulary: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (vocabulary, _WIDTH),
        "output_norm.weight": (_WIDTH,),
        "output.weight": (vocabulary, _WIDTH),
    }
    for layer in range(_LAYERS):
        block = f"blk.{layer}"
        shapes |= {f"{block}.{name}_norm.weight": (_WIDTH,) for name in ("attn", "ffn")}
        shapes |= {f"{block}.attn_{name}.weight": (_WIDTH, _WIDTH) for name in ("q", "k", "v", "output")}
        shapes |= {f"{block}.ffn_{name}.weight": (_INNER, _WIDTH) for name in ("gate", "up")}
        shapes[f"{block}.ffn_down.weight"] = (_WIDTH, _INNER)
    return shapes


@contextmanager
def llama_server(model: Path) -> Iterator[str]:
    """llama.cpp's own HTTP server over a model; its address."""
    import xllamacpp

    wanted = xllamacpp.CommonParams()
    wanted.model.path = str(model)
    wanted.hostnames = ["127.0.0.1"]
    wanted.port = 0
    wanted.n_ctx = _CONTEXT
    wanted.n_parallel = 4
    wanted.cpuparams.n_threads = 1
    wanted.warmup = False
    wanted.verbosity = -1
    wanted.use_jinja = True
    server = xllamacpp.Server(wanted)
    yield server.listening_address
    del server
