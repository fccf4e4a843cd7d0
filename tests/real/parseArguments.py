"""Gives argument lists to vLLM's own parser: JSON lists of words on stdin, per list what it read or its complaint."""

import contextlib
import io
import json
import sys

from vllm.entrypoints.launchers.cli_args import make_arg_parser
from vllm.utils.argparse_utils import FlexibleArgumentParser

answers = []
for words in json.load(sys.stdin):
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            read = vars(make_arg_parser(FlexibleArgumentParser()).parse_args(words))
        answers.append({key: value for key, value in read.items() if isinstance(value, (str, int, float, bool))})
    except SystemExit:
        answers.append({"refused": said.getvalue().strip().splitlines()[-1]})
print("\n" + json.dumps(answers))
