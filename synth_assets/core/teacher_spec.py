"""How a recipe names its teacher: the model, how it samples, and how hard it may be worked."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from synth_assets.core.request import Sampling, Structured

Strict = ConfigDict(frozen=True, extra="forbid")
OFFLINE_MODEL = "offline"


class Limits(BaseModel):
    """What the teacher's server allows. None is learned from the server's headers and refusals."""

    model_config = Strict

    concurrency: int = Field(64, ge=1, le=4096, description="most requests in flight at once")
    requests_per_minute: float | None = Field(None, gt=0)
    tokens_per_minute: float | None = Field(None, gt=0)
    timeout_s: float = Field(120, gt=0, description="wall-clock limit of one attempt")
    retries: int = Field(6, ge=0, le=20, description="attempts after the first, on errors that can heal")


class TeacherSpec(BaseModel):
    """The `teacher:` block of a recipe; a stage may set some of its keys anew."""

    model_config = Strict

    model: str = Field(OFFLINE_MODEL, description="the model's name on its server")
    base_url: str | None = Field(None, description="another server than MISTRAL_BASE_URL, without /v1")
    api_key_env: str | None = Field(None, description="the variable that holds that server's key")
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, gt=0, le=1)
    max_tokens: int | None = Field(None, ge=1)
    stop: tuple[str, ...] = ()
    structured: Structured = Field("json_object", description="how the server is told to answer in JSON")
    dialect: Literal["mistral", "openai"] | None = Field(
        None, description="whose spelling of parameters it reads; OpenAI's if base_url is not Mistral's"
    )
    transport: Literal["http", "sdk"] = "http"
    mode: Literal["online", "batch"] = Field(
        "online", description="batch: by Mistral's batch jobs, at half the price, within a day"
    )
    limits: Limits = Limits()

    def sampling(self) -> Sampling:
        """Return the part that shapes an answer."""
        return Sampling(self.temperature, self.top_p, self.max_tokens, self.stop)

    def with_overrides(self, other: "TeacherSpec | None") -> "TeacherSpec":
        """This teacher, with the keys that a stage sets for itself."""
        if other is None:
            return self
        changed = {name: getattr(other, name) for name in other.model_fields_set}
        return self.model_copy(update=changed)
