"""Short queries behind one long prompt with transformers `generate`, greedy, no early stop.

Plain: every query brings the whole prompt. --cached: the prompt's keys and values are computed once, within the
timed part, and copied for each batch, as a careful user would do by hand.
"""

import copy
import time

import common

arguments = common.parse_arguments("prefix")
torch = common.quiet_torch(arguments.threads)

from transformers import DynamicCache  # noqa: E402

tokenizer, model = common.load_for_sampling(arguments.dtype)
generator = torch.Generator().manual_seed(1)


def random_ids(*shape):
    return torch.randint(1000, 41000, shape, generator=generator)


prefix = random_ids(1, arguments.prefix_tokens)
queries = random_ids(arguments.queries, arguments.prompt_tokens)


def generate(ids, tokens, **more):
    out = model.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        do_sample=False,
        max_new_tokens=tokens,
        pad_token_id=tokenizer.pad_token_id,
        **more,
    )
    if out.shape[1] != ids.shape[1] + tokens:
        raise SystemExit(f"generate stopped early: {tuple(out.shape)}")


def run():
    cache = None
    if arguments.cached:
        cache = DynamicCache(config=model.config)
        model(input_ids=prefix, past_key_values=cache, use_cache=True, logits_to_keep=1)
    for first in range(0, arguments.queries, arguments.batch):
        some = queries[first : first + arguments.batch]
        ids = torch.cat([prefix.expand(len(some), -1), some], dim=1)
        if cache is None:
            generate(ids, arguments.tokens)
        else:
            own = copy.deepcopy(cache)
            own.batch_repeat_interleave(len(some))
            generate(ids, arguments.tokens, past_key_values=own)


with torch.inference_mode():
    generate(queries[:1], 4)
    started = time.perf_counter()
    run()
common.emit("prefix", arguments.queries * arguments.tokens, time.perf_counter() - started, arguments)
