"""Loads the model with transformers and makes one token, as a script does that is run once. wall.py times it."""

import argparse

import common

parser = argparse.ArgumentParser()
parser.add_argument("--threads", type=int, required=True)
torch = common.quiet_torch(parser.parse_args().threads)

from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: E402

tokenizer = AutoTokenizer.from_pretrained(common.HUB_FOLDER)
model = AutoModelForCausalLM.from_pretrained(common.HUB_FOLDER, dtype=torch.float32).eval()
chat = [{"role": "user", "content": "Good morning"}]
inputs = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_dict=True, return_tensors="pt")
with torch.inference_mode():
    model.generate(**inputs, do_sample=False, max_new_tokens=1, pad_token_id=tokenizer.pad_token_id)
