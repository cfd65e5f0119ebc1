"""distilabel, as a peer of tests/bench/gateway.py: `pip install "distilabel[openai]" requests`, by itself."""

import sys

from distilabel.models import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration


def main(url: str, at_once: int, prompts: int) -> None:
    rows = [{"instruction": f"Question {number}: why is the sky blue? " * 8} for number in range(prompts)]
    with Pipeline(name="bench") as pipeline:
        load = LoadDataFromDicts(data=rows, batch_size=at_once)
        llm = OpenAILLM(model="mistral-small-latest", base_url=f"{url}/v1", api_key="none")
        load >> TextGeneration(llm=llm, input_batch_size=at_once)
    made = pipeline.run(use_cache=False)
    assert len(made["default"]["train"]) == prompts


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
