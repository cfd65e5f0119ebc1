"""The files and batch jobs of the served teacher."""

import asyncio
import json
import time
import uuid
from collections.abc import Mapping
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from aiohttp import web

from synth_assets.teacher.served.chat import ServedChat
from synth_assets.teacher.served.faults import Chance, Faults


class ServedBatches:
    """Stores files, runs jobs over them or over inline requests, and answers through the chat endpoint."""

    def __init__(self, chat: ServedChat, faults: Faults) -> None:
        self._chat = chat
        self._batch_s = faults.batch
        self._chance = Chance(faults)
        self._files: dict[str, dict[str, Any]] = {}
        self._contents: dict[str, bytes] = {}
        self._jobs: dict[str, dict[str, Any]] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def files(self, request: web.BaseRequest, rest: list[str]) -> web.Response:
        """Handle /v1/files, /v1/files/ID and /v1/files/ID/content."""
        if not rest and request.method == "POST":
            return web.json_response(self._upload(await request.read(), request.headers["Content-Type"]))
        if not rest:
            files = list(self._files.values())
            return web.json_response({"object": "list", "data": files, "total": len(files)})
        if rest[0] not in self._files:
            return web.json_response({"message": "no such file"}, status=404)
        if request.method == "DELETE":
            del self._files[rest[0]]
            return web.json_response({"id": rest[0], "object": "file", "deleted": True})
        if rest[1:] == ["content"]:
            return web.Response(body=self._contents[rest[0]], content_type="application/octet-stream")
        return web.json_response({**self._files[rest[0]], "deleted": False})

    async def jobs(self, request: web.BaseRequest, rest: list[str]) -> web.Response:
        """Handle /v1/batch/jobs, /v1/batch/jobs/ID and /v1/batch/jobs/ID/cancel."""
        if not rest and request.method == "POST":
            return self._create(json.loads(await request.read()))
        if not rest:
            jobs = [_without_outputs(job) for job in reversed(self._jobs.values())]
            return web.json_response({"object": "list", "data": jobs, "total": len(jobs)})
        job = self._jobs.get(rest[0])
        if job is None:
            return web.json_response({"message": "no such job"}, status=404)
        if rest[1:] == ["cancel"]:
            job["status"] = "CANCELLED"
        inline = request.query.get("inline") == "true"
        return web.json_response(job if inline else _without_outputs(job))

    async def close(self) -> None:
        """Cancel the jobs that still run."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _upload(self, body: bytes, content_type: str) -> dict[str, Any]:
        message = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
        for part in message.iter_parts():
            if part.get_filename():
                payload = part.get_payload(decode=True)
                return self._store(str(part.get_filename()), bytes(payload), "batch_request", "upload")
        raise web.HTTPUnprocessableEntity(text="no file")

    def _store(self, name: str, data: bytes, sample_type: str, source: str) -> dict[str, Any]:
        stored: dict[str, Any] = {
            "id": str(uuid.uuid4()),
            "object": "file",
            "bytes": len(data),
            "created_at": int(time.time()),
            "filename": name,
            "purpose": "batch",
            "sample_type": sample_type,
            "source": source,
            "num_lines": data.count(b"\n"),
        }
        self._files[stored["id"]], self._contents[stored["id"]] = stored, data
        return stored

    def _create(self, asked: Mapping[str, Any]) -> web.Response:
        requests = list(asked.get("requests") or ())
        for file in asked.get("input_files") or ():
            if file not in self._contents:
                return web.json_response({"message": f"no such file: {file}"}, status=404)
            requests.extend(json.loads(line) for line in self._contents[file].splitlines() if line.strip())
        job: dict[str, Any] = {
            "id": str(uuid.uuid4()),
            "object": "batch",
            "input_files": list(asked.get("input_files") or ()),
            "endpoint": asked["endpoint"],
            "model": asked.get("model"),
            "metadata": asked.get("metadata"),
            "errors": [],
            "status": "QUEUED",
            "created_at": int(time.time()),
            "total_requests": len(requests),
            "completed_requests": 0,
            "succeeded_requests": 0,
            "failed_requests": 0,
        }
        self._jobs[job["id"]] = job
        task = asyncio.get_running_loop().create_task(self._run(job, requests))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return web.json_response(job)

    async def _run(self, job: dict[str, Any], requests: list[dict[str, Any]]) -> None:
        job["status"], job["started_at"] = "RUNNING", int(time.time())
        await asyncio.sleep(self._batch_s)
        results: dict[str, list[dict[str, Any]]] = {"batch_result": [], "batch_error": []}
        for asked in reversed(requests):  # in another order than asked, as the real ones are
            result = self._result(asked, job["model"])
            results["batch_error" if result["error"] else "batch_result"].append(result)
        if job["status"] != "RUNNING":
            return
        job["outputs"] = [*results["batch_result"], *results["batch_error"]]
        for kind, field in (("batch_result", "output_file"), ("batch_error", "error_file")):
            if results[kind] and job["input_files"]:
                lines = b"".join(json.dumps(result).encode() + b"\n" for result in results[kind])
                job[field] = self._store(f"{job['id']}.jsonl", lines, kind, "mistral")["id"]
        job["succeeded_requests"] = len(results["batch_result"])
        job["failed_requests"] = len(results["batch_error"])
        job["completed_requests"] = len(requests)
        job["status"], job["completed_at"] = "SUCCESS", int(time.time())

    def _result(self, asked: Mapping[str, Any], model: str | None) -> dict[str, Any]:
        named = {"id": f"batch-{uuid.uuid4().hex[:12]}", "custom_id": asked.get("custom_id")}
        fault = self._chance.fault(json.dumps(asked["body"]).encode())
        if fault is not None:
            status = int(fault) if fault.isdigit() else 500
            return {**named, "response": {"status_code": status, "body": ""}, "error": {"message": "to order"}}
        completion = self._chat.completion({"model": model, **asked["body"]})
        self._chat.count(completion)
        return {**named, "response": {"status_code": 200, "body": completion}, "error": None}


def _without_outputs(job: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in job.items() if name != "outputs"}
