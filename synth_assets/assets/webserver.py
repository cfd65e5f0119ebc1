"""Questions to a webserver of Dagster: is it ready, is a dataset there, build it, how far is it."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from synth_assets.core.errors import SynthError

TIMEOUT_S = 30
_LOCATIONS = """{ workspaceOrError { __typename ... on Workspace { locationEntries { name loadStatus
  locationOrLoadError { __typename ... on PythonError { message } } } } } }"""
_MADE = """query ($keys: [AssetKeyInput!]!) { assetNodes(assetKeys: $keys) {
  assetKey { path } assetMaterializations(limit: 1) { runId } } }"""
_LAUNCH = """mutation ($location: String!, $job: String!) { launchRun(executionParams: { selector: {
  repositoryLocationName: $location, repositoryName: "__repository__", jobName: $job }, runConfigData: {} }) {
  __typename ... on LaunchRunSuccess { run { id } } ... on PythonError { message } } }"""
_STEPS = """query ($id: ID!) { runOrError(runId: $id) { ... on Run { status
  stepStats { stepKey status startTime endTime } } } }"""


@dataclass(frozen=True, slots=True)
class Webserver:
    """A webserver, by its address."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """Where people look."""
        return f"http://{self.host}:{self.port}"

    def ask(self, query: str, **variables: object) -> dict[str, Any]:
        """Return the data of one GraphQL query."""
        body = json.dumps({"query": query, "variables": variables})
        status, text = self._post(body)
        answer: dict[str, Any] = json.loads(text) if status == http.client.OK else {"errors": text[:500]}
        if answer.get("errors"):
            raise SynthError(f"the webserver refuses a question: {answer['errors']}", where=self.url)
        data: dict[str, Any] = answer["data"]
        return data

    def _post(self, body: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT_S)
        try:
            connection.request("POST", "/graphql", body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def is_ready(self) -> bool:
        """Return whether it serves the definitions. SynthError if they cannot be loaded."""
        try:
            found = self.ask(_LOCATIONS)["workspaceOrError"]
        except OSError:
            return False
        entries = found.get("locationEntries") or []
        for entry in entries:
            location = entry["locationOrLoadError"] or {}
            if (
                location.get("__typename") == "PythonError"
                and "DagsterUserCodeUnreachableError" not in location["message"]
            ):
                raise SynthError(location["message"], where=entry["name"])
        return bool(entries) and all(
            entry["loadStatus"] == "LOADED" and entry["locationOrLoadError"]["__typename"] == "RepositoryLocation"
            for entry in entries
        )

    def location(self) -> str:
        """Return the name of the code location."""
        entries = self.ask(_LOCATIONS)["workspaceOrError"]["locationEntries"]
        return str(entries[0]["name"])

    def is_made(self, key: list[str]) -> bool:
        """Return whether an asset was ever materialized."""
        nodes = self.ask(_MADE, keys=[{"path": key}])["assetNodes"]
        return any(node["assetMaterializations"] for node in nodes)

    def launch(self, job: str) -> str:
        """Starts a job; the id of its run."""
        answer = self.ask(_LAUNCH, location=self.location(), job=job)["launchRun"]
        if answer["__typename"] != "LaunchRunSuccess":
            raise SynthError(f"{job} cannot be started: {answer.get('message', answer['__typename'])}", where=self.url)
        return str(answer["run"]["id"])

    def steps(self, run_id: str) -> tuple[str, Mapping[str, str]]:
        """Return the status of a run, and of each of its steps."""
        run = self.ask(_STEPS, id=run_id)["runOrError"]
        return str(run["status"]), {step["stepKey"]: str(step["status"]) for step in run["stepStats"]}
