"""One stage of a recipe as an asset: its table, its checks, its partitions and how it is made."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import dagster as dg

from synth_assets.assets.checks import check_specs
from synth_assets.assets.goals import describe_rounds
from synth_assets.assets.materialize import Filling, Yield, materialize
from synth_assets.assets.metadata import Made
from synth_assets.assets.partitions import follows_by_itself, partitions_in, partitions_of_stage
from synth_assets.assets.progress import Progress
from synth_assets.assets.result_plots import pictures_of
from synth_assets.assets.tables import column_schema, dagster_type
from synth_assets.core.errors import SynthError
from synth_assets.core.stage import Ask, Stage
from synth_assets.core.teacher_spec import OFFLINE_MODEL, TeacherSpec
from synth_assets.engine import Engine, Job, fingerprint_of, teacher_of
from synth_assets.recipes import Recipe
from synth_assets.settings import Settings

_OWN_KIND = {"source": "python", "query": "sql", "sift": "python", "study": "python", "sink": "file"}


def key_of(recipe: Recipe, name: str) -> dg.AssetKey:
    """Return the key of an input's asset: a stage of the recipe, or a table of the lake."""
    return dg.AssetKey(name.split(".") if "." in name else [recipe.name, name])


def stage_asset(recipe: Recipe, name: str, settings: Settings) -> dg.AssetsDefinition:
    """Return the asset of a stage."""
    stage, contract = recipe.stages[name], recipe.contracts[name]
    key, partitions = key_of(recipe, name), partitions_of_stage(recipe, name)

    @dg.asset(
        key=key,
        deps=[key_of(recipe, upstream) for upstream in stage.inputs()],
        group_name=recipe.name,
        description=_description(recipe, name),
        kinds={"duckdb", "pandera", _kind(stage, recipe.teacher_of(name))},
        owners=list(recipe.owners),
        tags=dict(recipe.tags),
        code_version=_code_version(recipe, name, settings),
        partitions_def=partitions,
        check_specs=check_specs(key, contract, partitions),
        dagster_type=dagster_type(f"{recipe.name}.{name}", contract),
        io_manager_key="stage_io",
        required_resource_keys={"engine"},
        pool=_pool(recipe, name, settings),
        automation_condition=follows_by_itself(recipe, name),
        metadata={
            "dagster/table_name": f"{recipe.name}.{name}",
            "dagster/column_schema": column_schema(contract, calls=isinstance(stage, Ask)),
            "recipe": dg.MetadataValue.path(str(recipe.path)),
            "kind": stage.kind,
            "keys": dg.MetadataValue.json(stage.fingerprint_fields()),
        },
    )
    def compute(context: dg.AssetExecutionContext) -> Iterator[Yield]:
        engine: Engine = context.resources.engine
        filling = _filling(context, engine, recipe, name)
        yield from materialize(context, engine, filling, partitions_in(context, recipe, name))

    return compute


def _filling(context: dg.AssetExecutionContext, engine: Engine, recipe: Recipe, name: str) -> Filling:
    stage, contract = recipe.stages[name], recipe.contracts[name]
    notice = _notice(recipe, name, engine.settings)
    if notice:
        context.log.warning(notice)
    progress = Progress(context.log)
    parent = f"{recipe.name}.{stage.from_}" if isinstance(stage, Ask) else None
    return Filling(
        fill=lambda part: engine.run(Job(recipe, name, part, context.run.run_id), progress),
        made=lambda result: Made(
            result,
            contract,
            isinstance(stage, Ask),
            parent,
            notice,
            more={**pictures_of(engine, recipe, name, result), **describe_rounds(result)},
        ),
        contract=contract,
    )


def _pool(recipe: Recipe, name: str, settings: Settings) -> str | None:
    """Runs that ask one model of one server take turns: its rate limit is theirs together."""
    if not isinstance(recipe.stages[name], Ask):
        return None
    try:
        target = teacher_of(recipe, name, settings).target
    except SynthError:
        return None
    server = urlsplit(target.endpoint).netloc
    return f"{server}:{target.model}" if server else None


def _notice(recipe: Recipe, name: str, settings: Settings) -> str:
    """Return what is to be known of the teacher. One that cannot answer at all says so when it is asked."""
    if not isinstance(recipe.stages[name], Ask):
        return ""
    try:
        return teacher_of(recipe, name, settings).notice
    except SynthError:
        return ""


def _description(recipe: Recipe, name: str) -> str:
    stage = recipe.stages[name]
    words = stage.description or (type(stage).__doc__ or "").strip()
    return f"{words}\n\n`{stage.kind}` of the recipe *{recipe.name}*: {recipe.description}".strip()


def _kind(stage: Stage, teacher: TeacherSpec) -> str:
    """Return the third kind beside duckdb and pandera: Dagster shows three."""
    if isinstance(stage, Ask):
        is_mistral = teacher.base_url is None and teacher.model != OFFLINE_MODEL
        return "mistral" if is_mistral else "ai"
    if getattr(stage, "dataset", None) is not None:
        return "huggingface"
    return _OWN_KIND.get(stage.shape, "python")


def _code_version(recipe: Recipe, name: str, settings: Settings) -> str:
    """Return the fingerprint: the UI shows what is stale. Without a teacher, that of the recipe alone."""
    try:
        return fingerprint_of(recipe, name, settings)
    except SynthError:
        return recipe.fingerprint(name)
