"""`costs`: what a million texts take with the teacher and with the student, measured where it can be."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from synth_assets.analysis.economics import Bill, EnergyOfTokens, Range, Tokens, bill_by_hours, bill_by_tokens
from synth_assets.core.canonical import Json
from synth_assets.core.contract import Column, Contract, Values
from synth_assets.core.stage import Names, Picture, StageError, Study, StudyContext, TableView, declare_contract
from synth_assets.students.storage import load_description

_STRICT = ConfigDict(frozen=True, extra="forbid")


class _Price(BaseModel):
    model_config = _STRICT

    input: float = Field(ge=0, description="US dollars for a million tokens sent")
    output: float = Field(ge=0, description="US dollars for a million tokens received")
    as_of: str = Field(min_length=4, description="the day the price was read")


class _Machine(BaseModel):
    model_config = _STRICT

    usd_per_hour: float = Field(0.1, ge=0)
    watts: tuple[float, float] = Field((15.0, 120.0), description="at least and at most, all of the machine")
    processes: int = Field(1, ge=1, description="that label side by side")
    as_of: str = Field("2026-11", description="when that rent was read")


class _Stated(BaseModel):
    """Someone's figures, to compare with the measured ones."""

    model_config = _STRICT

    name: str
    input_tokens: float | None = Field(None, gt=0, description="of one text")
    output_tokens: float | None = Field(None, ge=0)
    price: _Price | None = None
    texts_per_s: float | None = Field(None, gt=0)
    machine: _Machine | None = None

    @model_validator(mode="after")
    def _tokens_or_machine(self) -> "_Stated":
        is_teacher = None not in (self.input_tokens, self.output_tokens)
        is_machine = None not in (self.texts_per_s, self.machine)
        if is_teacher == is_machine:
            raise ValueError("give input_tokens, output_tokens and price, or texts_per_s and machine")
        return self


class Costs(Study):
    """Money, hours, energy and CO2 for many texts: tokens and speeds as measured, all else as stated."""

    kind: Literal["costs"] = "costs"
    teachers: Names = Field(min_length=1, description="the stages whose answers are in the ledger")
    student: str | None = Field(None, description="the stage that trains the student")
    texts: int = Field(1_000_000, ge=1)
    price: _Price | None = Field(None, description="a price for the measured tokens; else what was really paid")
    in_flight: int = Field(64, ge=1, description="requests at once, to tell hours by the measured latency")
    machine: _Machine = _Machine()
    wh_per_thousand_input: tuple[float, float] = Field((0.005, 0.2), description="energy of tokens that are read")
    wh_per_thousand_output: tuple[float, float] = Field((0.1, 3.0), description="energy of tokens that are written")
    grams_co2_per_kwh: tuple[float, float] = Field((30.0, 700.0), description="of the electricity")
    stated: tuple[_Stated, ...] = Field((), description="figures of others, to compare with")

    def inputs(self) -> tuple[str, ...]:
        return (*self.teachers, *([self.student] if self.student else []))

    def contract(self, inputs: Mapping[str, Contract]) -> Contract:
        if len(set(self.inputs())) < len(self.inputs()):
            raise StageError("teachers", "a stage is named twice")
        return declare_contract(_COLUMNS, self.checks, self.description)

    def pictures(self, view: TableView) -> Iterator[Picture]:
        """Draw what each way of labelling costs."""
        from synth_assets.plots.label_plots import costs_png

        yield "costs", costs_png(view.rows(f"SELECT * FROM {view.table}"))

    def rows(self, context: StudyContext) -> Iterator[Values]:
        for name in self.teachers:
            yield from self._measured_teacher(context, name)
        if self.student:
            yield self._measured_student(context, self.student)
        for stated in self.stated:
            yield self._stated(stated)

    def _measured_teacher(self, context: StudyContext, name: str) -> Iterator[Values]:
        sql = (
            f'WITH _keys AS (SELECT DISTINCT unnest(call_keys) AS call_key FROM "{name}")'
            " SELECT count(*) AS calls, sum(prompt_tokens)::DOUBLE AS input, sum(completion_tokens)::DOUBLE AS output,"
            " sum(cost_usd) AS usd, count(*) = count(cost_usd) AS is_priced, avg(latency_s) AS latency_s,"
            " string_agg(DISTINCT model, ', ' ORDER BY model) AS model, strftime(max(asked_at), '%Y-%m-%d') AS day,"
            f' (SELECT count(DISTINCT parent_ids[1]) FROM "{name}") AS texts'
            " FROM ops.calls JOIN _keys USING (call_key) WHERE NOT spare"
        )
        (row,) = context.query(sql)
        totals: Mapping[str, Any] = row
        if not totals["calls"]:
            return
        share = self.texts / totals["texts"]
        calls_per_text = totals["calls"] / totals["texts"]
        tokens = Tokens(totals["input"] / totals["texts"], totals["output"] / totals["texts"])
        latency = totals["latency_s"]
        speed = self.in_flight / latency / calls_per_text if latency else None
        bill = self._of_tokens(tokens, self.price, speed)
        usd, as_of = bill.usd, self.price.as_of if self.price else totals["day"]
        if self.price is None:
            usd = totals["usd"] * share if totals["is_priced"] else None
        method = (
            f"measured on {totals['texts']} texts and {totals['calls']} calls of {totals['model']}, repairs included; "
            f"hours with {self.in_flight} requests at once; {self._energy_assumption()}"
        )
        bill = Bill(usd, bill.hours, bill.texts_per_s, bill.kwh)
        yield self._row(name, bill, {"tokens": tokens, "latency_s": latency, "as_of": as_of, "method": method})

    def _measured_student(self, context: StudyContext, name: str) -> Values:
        training = load_description(context.folder.parents[1] / name / "current")
        speed = float(training["texts_per_s"]) * self.machine.processes
        bill = bill_by_hours(self.texts, speed, self.machine.usd_per_hour, self.machine.watts)
        method = (
            f"measured where it was trained, {training['texts_per_s']} texts/s a process; {_rent(self.machine)};"
            f" {self._co2_assumption()}"
        )
        return self._row(
            name, bill, {"latency_s": 1 / float(training["texts_per_s"]), "as_of": self.machine.as_of, "method": method}
        )

    def _stated(self, stated: _Stated) -> Values:
        if stated.machine is not None and stated.texts_per_s is not None:
            machine = stated.machine
            bill = bill_by_hours(
                self.texts, stated.texts_per_s * machine.processes, machine.usd_per_hour, machine.watts
            )
            method = f"as stated: {_rent(machine)}; {self._co2_assumption()}"
            return self._row(stated.name, bill, {"as_of": machine.as_of, "method": method})
        tokens = Tokens(stated.input_tokens or 0, stated.output_tokens or 0)
        as_of = stated.price.as_of if stated.price else None
        bill = self._of_tokens(tokens, stated.price, stated.texts_per_s)
        return self._row(
            stated.name, bill, {"tokens": tokens, "as_of": as_of, "method": f"as stated; {self._energy_assumption()}"}
        )

    def _of_tokens(self, tokens: Tokens, price: _Price | None, speed: float | None) -> Bill:
        energy = EnergyOfTokens(self.wh_per_thousand_input, self.wh_per_thousand_output)
        return bill_by_tokens(self.texts, tokens, (price.input, price.output) if price else None, energy, speed)

    def _row(self, name: str, bill: Bill, details: Mapping[str, Any]) -> Values:
        tokens: Tokens | None = details.get("tokens")
        low, high = bill.kwh or (None, None)
        co2: Range | tuple[None, None] = bill.co2_kg(self.grams_co2_per_kwh) or (None, None)
        row: dict[str, Json] = {
            "labels_of": name,
            "texts": self.texts,
            "usd": bill.usd,
            "hours": bill.hours,
            "texts_per_s": bill.texts_per_s,
            "latency_s": details.get("latency_s"),
            "input_tokens": tokens.input if tokens else None,
            "output_tokens": tokens.output if tokens else None,
            "kwh_low": low,
            "kwh_high": high,
            "co2_kg_low": co2[0],
            "co2_kg_high": co2[1],
            "priced_as_of": details.get("as_of"),
            "method": details["method"],
        }
        return row

    def _energy_assumption(self) -> str:
        sides = (("read", self.wh_per_thousand_input), ("written", self.wh_per_thousand_output))
        ranges = " and ".join(f"{low:g} to {high:g} Wh for a thousand tokens {what}" for what, (low, high) in sides)
        return f"energy assumed: {ranges}; {self._co2_assumption()}"

    def _co2_assumption(self) -> str:
        low, high = self.grams_co2_per_kwh
        return f"CO2 assumed: {low:g} to {high:g} g for a kWh"


def _rent(machine: _Machine) -> str:
    low, high = machine.watts
    side_by_side = f"{machine.processes} side by side" if machine.processes > 1 else "one process"
    return f"{side_by_side}, ${machine.usd_per_hour:g} an hour ({machine.as_of}), {low:g} to {high:g} W"


_COLUMNS = (
    Column("labels_of", "text", "the stage, or whose figures these are"),
    Column("texts", "integer", "how many texts are labelled"),
    Column("usd", "number", "US dollars; empty where a price is not known", nullable=True),
    Column("hours", "number", "hours it takes", nullable=True),
    Column("texts_per_s", "number", "texts a second", nullable=True),
    Column("latency_s", "number", "seconds one answer takes", nullable=True),
    Column("input_tokens", "number", "tokens sent for one text", nullable=True),
    Column("output_tokens", "number", "tokens received for one text", nullable=True),
    Column("kwh_low", "number", "energy, at least", nullable=True),
    Column("kwh_high", "number", "energy, at most", nullable=True),
    Column("co2_kg_low", "number", "CO2, at least", nullable=True),
    Column("co2_kg_high", "number", "CO2, at most", nullable=True),
    Column("priced_as_of", "text", "the day of the price", nullable=True),
    Column("method", "text", "what was measured, and what is assumed"),
)
