"""sdg_hub, as a peer of tests/bench/gateway.py: `pip install sdg-hub` in an environment of its own."""

import sys

import pandas as pd
from sdg_hub.core.blocks import LLMChatBlock


def main(url: str, at_once: int, prompts: int) -> None:
    asked = [[{"role": "user", "content": f"Question {n}: why is the sky blue? " * 8}] for n in range(prompts)]
    block = LLMChatBlock(
        block_name="bench",
        input_cols="messages",
        output_cols="answer",
        model="openai/mistral-small-latest",
        api_base=f"{url}/v1",
        api_key="none",
        async_mode=True,
    )
    made = block(pd.DataFrame({"messages": asked}), _flow_max_concurrency=at_once)
    assert len(made) == prompts


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
