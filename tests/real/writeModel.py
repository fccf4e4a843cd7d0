"""Writes a tiny model for vLLM: config, random weights and a tokenizer made on the spot.

usage: writeModel.py dense|hybrid CONFIG_JSON TEXT DIRECTORY

dense: weights as safetensors, for vLLM's own loader. hybrid: no weights; vLLM is told --load-format dummy.
"""

import json
import sys

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoConfig, PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

kind, config_file, text_file, directory = sys.argv[1:]
with open(config_file, encoding="utf-8") as file:
    config = json.load(file)

# Qwen's marks; every other id is a piece of text, so that whatever a random model says can be read.
marks = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<tool_call>", "</tool_call>"]
tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.decoder = decoders.ByteLevel()
tokenizer.train(
    [text_file],
    trainers.BpeTrainer(
        vocab_size=config["vocab_size"],
        special_tokens=marks,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    ),
)
assert tokenizer.get_vocab_size() == config["vocab_size"], tokenizer.get_vocab_size()
fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>")
fast.chat_template = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
fast.save_pretrained(directory)

if kind == "dense":
    torch.manual_seed(0)
    values = {key: value for key, value in config.items() if key not in ("architectures", "dtype")}
    Qwen3ForCausalLM(Qwen3Config(**values)).to(torch.bfloat16).save_pretrained(directory)
else:
    values = {key: value for key, value in config.items() if key not in ("architectures", "dtype", "model_type")}
    made = AutoConfig.for_model(config["model_type"], **values)
    made.architectures = config["architectures"]
    made.dtype = config["dtype"]
    made.save_pretrained(directory)
