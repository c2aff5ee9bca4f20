"""Sampling with llama.cpp through its C interface: greedy, nothing stops early.

--dtype is the type of the weights: F32, F16, BF16, Q8_0 or Q4_1. As in llama.cpp's own batched benchmark, the
prompts go in as one batch, and each step decodes one token of every sequence.
"""

import ctypes
import time

import common

arguments = common.parse_arguments("sample")

import llama_cpp  # noqa: E402
import numpy as np  # noqa: E402


@llama_cpp.llama_log_callback
def drop_log(level, text, user_data):
    pass


def load_model():
    llama_cpp.llama_log_set(drop_log, ctypes.c_void_p(0))
    llama_cpp.llama_backend_init()
    path = common.BENCH / "models" / f"smollm2.{arguments.dtype}.gguf"
    model = llama_cpp.llama_model_load_from_file(str(path).encode(), llama_cpp.llama_model_default_params())
    if not model:
        raise SystemExit(f"llama.cpp could not load {path.name}")
    return model


def make_context(model):
    parameters = llama_cpp.llama_context_default_params()
    parameters.n_seq_max = arguments.batch
    parameters.n_ctx = arguments.batch * max(256, arguments.prompt_tokens + arguments.tokens)
    parameters.n_batch = max(512, arguments.batch * arguments.prompt_tokens)
    parameters.n_threads = parameters.n_threads_batch = arguments.threads
    context = llama_cpp.llama_init_from_model(model, parameters)
    if not context:
        raise SystemExit("llama.cpp could not make a context")
    return context


def tokenize(vocabulary, text):
    data = text.encode()
    ids = (llama_cpp.llama_token * (len(data) + 8))()
    count = llama_cpp.llama_tokenize(vocabulary, data, len(data), ids, len(ids), False, False)
    return list(ids[:count])


def decode(context, batch, entries):
    """entries: (token, position, sequence, wants logits) of each token of the batch."""
    batch.n_tokens = len(entries)
    for i, (token, position, sequence, wants_logits) in enumerate(entries):
        batch.token[i], batch.pos[i], batch.n_seq_id[i] = token, position, 1
        batch.seq_id[i][0], batch.logits[i] = sequence, wants_logits
    status = llama_cpp.llama_decode(context, batch)
    if status != 0:
        raise SystemExit(f"llama_decode returned {status}")


def best_tokens(context, vocabulary_size, outputs):
    logits = [
        np.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(context, i), shape=(vocabulary_size,))
        for i in outputs
    ]
    return [int(row.argmax()) for row in logits]


def run_pass(context, batch, prompts, vocabulary_size, tokens):
    """Decodes tokens more tokens of every prompt; returns them by sequence."""
    llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(context), True)
    length = len(prompts[0])
    decode(
        context,
        batch,
        [(token, i, s, i == length - 1) for s, ids in enumerate(prompts) for i, token in enumerate(ids)],
    )
    outputs = [s * length + length - 1 for s in range(len(prompts))]
    made = [[token] for token in best_tokens(context, vocabulary_size, outputs)]
    for step in range(tokens - 1):
        decode(context, batch, [(row[-1], length + step, s, True) for s, row in enumerate(made)])
        for row, token in zip(made, best_tokens(context, vocabulary_size, range(len(made))), strict=True):
            row.append(token)
    return made


model = load_model()
context = make_context(model)
vocabulary = llama_cpp.llama_model_get_vocab(model)
size = llama_cpp.llama_vocab_n_tokens(vocabulary)
prompts = common.token_windows(
    lambda text: tokenize(vocabulary, text), arguments.batch, arguments.prompt_tokens
)
batch = llama_cpp.llama_batch_init(arguments.batch * arguments.prompt_tokens, 0, 1)

run_pass(context, batch, prompts, size, 4)
passes, started = 0, time.perf_counter()
while passes == 0 or time.perf_counter() - started < arguments.min_seconds:
    made = run_pass(context, batch, prompts, size, arguments.tokens)
    passes += 1
common.emit(
    "sample",
    passes * arguments.batch * arguments.tokens,
    time.perf_counter() - started,
    arguments,
    first_row=made[0][:8],
)
