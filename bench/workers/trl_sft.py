"""SFT with TRL's SFTTrainer: its defaults for prompt-completion rows, but for gradient checkpointing.

Checkpointing is TRL's default to save memory; it is off here because it costs time, and the peer should be at
its best. --dtype: fp32; bf16 = autocast over fp32 weights (TRL's default); bf16-weights = everything in bf16.
--packed: rows packed to 1,024 tokens, one pack a step.
"""

import tempfile

import common

arguments = common.parse_arguments("sft")
torch = common.quiet_torch(arguments.threads)

from datasets import Dataset  # noqa: E402
from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: E402
from trl import SFTConfig, SFTTrainer  # noqa: E402

PACK_LENGTH = 1024


class CountingCollator:
    """Passes batches through and keeps the count of real and of target tokens of each."""

    def __init__(self, inner):
        self.inner = inner
        self.real, self.targets, self.cells = [], [], []

    def __call__(self, rows):
        batch = self.inner(rows)
        mask = batch.get("attention_mask")
        self.real.append(int(mask.sum()) if mask is not None else batch["input_ids"].numel())
        self.targets.append(int((batch["labels"] != -100).sum()))
        self.cells.append(batch["input_ids"].numel())
        return batch


def make_trainer(folder):
    row_count = arguments.steps * (24 if arguments.packed else arguments.batch)
    rows = common.read_rows(arguments.rows, row_count)
    data = Dataset.from_list(
        [
            {
                "prompt": [{"role": "user", "content": prompt}],
                "completion": [{"role": "assistant", "content": answer}],
            }
            for prompt, answer in rows
        ]
    )
    weights = torch.bfloat16 if arguments.dtype == "bf16-weights" else torch.float32
    config = SFTConfig(
        output_dir=folder,
        use_cpu=True,
        bf16=arguments.dtype != "fp32",
        gradient_checkpointing=False,
        per_device_train_batch_size=1 if arguments.packed else arguments.batch,
        max_steps=arguments.steps,
        packing=arguments.packed,
        max_length=PACK_LENGTH,
        train_sampling_strategy="sequential",
        save_strategy="no",
        logging_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
    return SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(common.HUB_FOLDER, dtype=weights),
        args=config,
        train_dataset=data,
        processing_class=AutoTokenizer.from_pretrained(common.HUB_FOLDER),
    )


with tempfile.TemporaryDirectory() as folder:
    trainer = make_trainer(folder)
    counter, clock = CountingCollator(trainer.data_collator), common.step_clock()
    trainer.data_collator = counter
    trainer.add_callback(clock)
    trainer.train()

used = slice(
    1, arguments.steps
)  # the loader reads ahead, so later counts may exist; the first step is not timed
common.emit(
    "sft",
    sum(counter.real[used]),
    clock.ends[-1] - clock.ends[0],
    arguments,
    targets=sum(counter.targets[used]),
    cells=sum(counter.cells[used]),
)
