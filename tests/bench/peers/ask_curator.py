"""Curator, as a peer of tests/bench/gateway.py: `pip install bespokelabs-curator` in an environment of its own."""

import importlib.util
import os
import sys
import tempfile
from pathlib import Path

# tiktoken would download its vocabulary; litellm, which comes along, has it.
LITELLM = Path(str(importlib.util.find_spec("litellm").origin)).parent
os.environ["TIKTOKEN_CACHE_DIR"] = str(LITELLM / "litellm_core_utils" / "tokenizers")
os.environ.update({"CURATOR_DISABLE_CACHE": "1", "TELEMETRY_ENABLED": "0", "CURATOR_VIEWER": "0"})


def main(url: str, at_once: int, prompts: int) -> None:
    from bespokelabs import curator

    with tempfile.TemporaryDirectory() as folder:
        os.environ["CURATOR_CACHE_DIR"] = folder
        llm = curator.LLM(
            model_name="gpt-4o-mini",
            backend="openai",
            backend_params={
                "base_url": f"{url}/v1",
                "api_key": "none",
                "max_concurrent_requests": at_once,
                "max_requests_per_minute": 1_000_000,
                "max_tokens_per_minute": 1_000_000_000,
            },
        )
        made = llm([f"Question {number}: why is the sky blue? " * 8 for number in range(prompts)])
        assert len(getattr(made, "dataset", made)) == prompts


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
