"""Policy-gradient steps with TRL's GRPOTrainer: sample a group for each prompt, score, update.

Its defaults (no KL term, one iteration), but gradient checkpointing off, since it costs time. Every completion has
the full length. The reward, the share of the letter e, costs nothing. --dtype fp32, or bf16 = autocast.
"""

import tempfile

import common

arguments = common.parse_arguments("policy")
torch = common.quiet_torch(arguments.threads)

from datasets import Dataset  # noqa: E402
from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: E402
from trl import GRPOConfig, GRPOTrainer  # noqa: E402

MICRO_BATCH = 16  # rows a forward pass: less memory than all 64


def share_of_e(completions, **kwargs):
    texts = [completion[0]["content"] for completion in completions]
    return [text.count("e") / (len(text) + 1) for text in texts]


def make_trainer(folder, clock):
    rows = common.read_rows(arguments.rows, arguments.prompts)
    data = Dataset.from_list([{"prompt": [{"role": "user", "content": prompt}]} for prompt, _ in rows])
    completions = arguments.prompts * arguments.samples
    config = GRPOConfig(
        output_dir=folder,
        use_cpu=True,
        bf16=arguments.dtype != "fp32",
        gradient_checkpointing=False,
        per_device_train_batch_size=min(MICRO_BATCH, completions),
        gradient_accumulation_steps=max(1, completions // MICRO_BATCH),
        num_generations=arguments.samples,
        max_completion_length=arguments.tokens,
        generation_kwargs={"min_new_tokens": arguments.tokens},
        max_steps=arguments.steps + 1,
        save_strategy="no",
        logging_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
    return GRPOTrainer(
        model=AutoModelForCausalLM.from_pretrained(common.HUB_FOLDER, dtype=torch.float32),
        reward_funcs=share_of_e,
        args=config,
        train_dataset=data,
        processing_class=AutoTokenizer.from_pretrained(common.HUB_FOLDER),
        callbacks=[clock],
    )


with tempfile.TemporaryDirectory() as folder:
    clock = common.step_clock()
    make_trainer(folder, clock).train()
tokens = arguments.steps * arguments.prompts * arguments.samples * arguments.tokens
common.emit("policy", tokens, clock.ends[-1] - clock.ends[0], arguments)
