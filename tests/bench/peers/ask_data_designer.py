"""Data Designer, as a peer of tests/bench/gateway.py: `pip install data-designer` in an environment of its own."""

import sys
import tempfile
from pathlib import Path

import data_designer.config as dd
from data_designer.interface import DataDesigner


def main(url: str, at_once: int, prompts: int) -> None:
    provider = dd.ModelProvider(name="bench", endpoint=f"{url}/v1", provider_type="openai", api_key="none")
    parameters = dd.ChatCompletionInferenceParams(max_parallel_requests=at_once, timeout=120)
    model = dd.ModelConfig(
        alias="teacher",
        model="mistral-small-latest",
        provider="bench",
        inference_parameters=parameters,
        skip_health_check=True,
    )
    builder = dd.DataDesignerConfigBuilder(model_configs=[model])
    sampled = dd.SamplerColumnConfig(
        name="number", sampler_type=dd.SamplerType.UUID, params=dd.UUIDSamplerParams(short_form=True)
    )
    builder.add_column(sampled)
    prompt = "Question {{ number }}: why is the sky blue? " * 8
    builder.add_column(dd.LLMTextColumnConfig(name="answer", model_alias="teacher", prompt=prompt))
    with tempfile.TemporaryDirectory() as folder:
        designer = DataDesigner(artifact_path=Path(folder), model_providers=[provider])
        made = designer.create(builder, num_records=prompts)
        assert len(made.load_dataset()) == prompts


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
