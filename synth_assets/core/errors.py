"""The errors a person sees: each says what is wrong, where, and what to do next."""


class SynthError(Exception):
    """The root of every error this package raises on purpose."""

    exit_code = 1

    def __init__(self, message: str, *, where: str | None = None, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}\n  → {self.remedy}" if self.remedy else text


class RecipeError(SynthError):
    """A recipe, a SQL model or a setting is wrong; nothing was spent."""

    exit_code = 2


class ContractError(SynthError):
    """Rows broke the contract of their table; the table is as it was before."""


class LakeError(SynthError):
    """The lake could not be read or written."""


class ConflictError(LakeError):
    """Another run committed the same table or partition first; nothing was overwritten."""


class BudgetError(SynthError):
    """The budget of the run is used up; what was answered is kept."""

    exit_code = 3


class TeacherError(SynthError):
    """The teacher cannot answer any request: no key, a wrong model, a server that is down."""

    exit_code = 4
