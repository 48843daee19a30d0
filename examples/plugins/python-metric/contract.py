"""The contract of a metric provider (libs/contracts/proto/sluice/metric/v1/metric.proto) around a provider that answers within one call.

The numbers in comments are those of its rules."""

import asyncio
import json
import time
from collections import OrderedDict
from urllib.parse import quote

import grpc

from sluice.metric.v1 import metric_pb2 as messages
from sluice.metric.v1 import metric_pb2_grpc
from sluice.plugin.v1 import plugin_pb2

SERVICE = "sluice.metric.v1.MetricProvider"
KEPT_SECONDS, MOST_KEPT, LONGEST_RESULT = 60, 50_000, 1024 * 1024

STATUSES = {"Invalid": grpc.StatusCode.INVALID_ARGUMENT, "Internal": grpc.StatusCode.INTERNAL}
ERROR_CODES = {
    code: getattr(plugin_pb2, f"ERROR_CODE_{name}")
    for code, name in {
        "Invalid": "INVALID",
        "NotFound": "NOT_FOUND",
        "Throttled": "THROTTLED",
        "Unavailable": "UNAVAILABLE",
        "Internal": "INTERNAL",
    }.items()
}


class MeasurementError(Exception):
    """There is no value. `code` is one of ERROR_CODES, the message is for people."""

    def __init__(self, code: str, message: str, path: str = "") -> None:
        super().__init__(message)
        self.code, self.path = code, path


class Refused(Exception):
    """A request that makes no sense (P4)."""


class Measurements:
    """M1: one id is one measurement, asked for at once or again within a minute."""

    def __init__(self) -> None:
        self._running: dict[str, asyncio.Task] = {}
        self._waiting: dict[str, int] = {}
        self._finished: OrderedDict[str, tuple[float, messages.Finished]] = OrderedDict()

    def finished(self, id: str) -> messages.Finished | None:
        while self._finished:
            oldest, (since, _) = next(iter(self._finished.items()))
            if time.monotonic() - since < KEPT_SECONDS and len(self._finished) <= MOST_KEPT:
                break
            del self._finished[oldest]
        return self._finished[id][1] if id in self._finished else None

    async def start(self, id: str, measure) -> messages.Finished:
        if (known := self.finished(id)) is not None:
            return known
        # One that was given up is waited for: two at once would be two measurements.
        while (before := self._running.get(id)) is not None and before.cancelling():
            await asyncio.wait([before])
        if id not in self._running:
            self._running[id] = asyncio.create_task(self._measured(id, measure))
        task = self._running[id]
        self._waiting[id] = self._waiting.get(id, 0) + 1
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            # Either the caller has gone, or Cancel has ended the measurement while the caller waits.
            if task.cancelled() and (ended := self.finished(id)) is not None:
                return ended
            raise
        finally:
            self._waiting[id] -= 1
            if self._waiting[id] == 0:
                del self._waiting[id]
                # P3: nobody waits for it any more.
                task.cancel()

    async def _measured(self, id: str, measure) -> messages.Finished:
        try:
            answer = await measure()
            self._keep(id, answer)
            return answer
        finally:
            del self._running[id]

    def _keep(self, id: str, answer: messages.Finished) -> None:
        self._finished[id] = (time.monotonic(), answer)

    async def cancel(self, id: str) -> messages.Finished:
        """M7."""
        if (known := self.finished(id)) is not None:
            return known
        ended = messages.Finished(verdict=messages.VERDICT_INCONCLUSIVE, message="ended before it was done")
        self._keep(id, ended)
        if (task := self._running.get(id)) is not None:
            task.cancel()
            await asyncio.wait([task])
        return ended


class MetricProvider(metric_pb2_grpc.MetricProviderServicer):
    def __init__(self, provider) -> None:
        self._provider = provider
        self._measurements = Measurements()

    async def Describe(self, request, context):
        return plugin_pb2.DescribeResponse(name=self._provider.name, version=self._provider.version, protocol_version=1)

    async def Validate(self, request, context):
        try:
            self._provider.problems(config_of(request.config_json))
        except MeasurementError as error:
            problem = plugin_pb2.Problem(path=error.path, message=str(error))
            return plugin_pb2.ValidateResponse(problems=[problem])
        except Refused as refusal:
            return plugin_pb2.ValidateResponse(problems=[plugin_pb2.Problem(message=str(refusal))])
        return plugin_pb2.ValidateResponse()

    async def Start(self, request, context):
        raw = await checked(context, lambda: config_of(measurement_of(request).config_json))
        asked = request.measurement
        finished = await self._measurements.start(asked.id, lambda: self._finished(raw, asked.secret_values))
        return messages.StartResponse(finished=finished)

    async def _finished(self, raw: dict, secrets) -> messages.Finished:
        """M2, M3, M4: a value, or an error."""
        try:
            result = await self._provider.measure(raw)
            value_json = json.dumps(result)
            if len(value_json) > LONGEST_RESULT:
                raise MeasurementError("Invalid", "the result is longer than 1 MiB")
            return messages.Finished(value_json=value_json, value=masked(value_json, secrets))
        except MeasurementError as error:
            return messages.Finished(error_code=ERROR_CODES[error.code], message=masked(str(error), secrets))
        except Exception as error:  # A defect is an error of the measurement as well, and the others go on.
            return messages.Finished(error_code=ERROR_CODES["Internal"], message=masked(repr(error), secrets))

    async def Poll(self, request, context):
        """M6: nothing is ever pending here."""
        asked = await checked(context, lambda: measurement_of(request))
        finished = self._measurements.finished(asked.id)
        if finished is None:
            message = f"measurement {asked.id} is not under way here"
            finished = messages.Finished(error_code=ERROR_CODES["NotFound"], message=message)
        return messages.PollResponse(finished=finished)

    async def Cancel(self, request, context):
        asked = await checked(context, lambda: measurement_of(request))
        return messages.CancelResponse(finished=await self._measurements.cancel(asked.id))

    async def Collect(self, request, context):
        """M8: nothing is ever left behind here."""
        await checked(context, lambda: run_of(request))
        if request.keep < 0:
            await refuse(context, f"keep is {request.keep}: 0 or more can be left")
        return messages.CollectResponse()


def measurement_of(request):
    if not request.HasField("measurement"):
        raise Refused("the request has no measurement")
    measurement = request.measurement
    if measurement.id == "" or measurement.metric_name == "":
        raise Refused("the measurement has no id, or names no metric")
    run_of(measurement)
    return measurement


def run_of(request):
    if not request.HasField("run") or request.run.uid == "":
        raise Refused("the request names no run")
    return request.run


def config_of(config_json: str) -> dict:
    try:
        raw = json.loads(config_json or "{}")
    except (ValueError, RecursionError):
        # Without what the parser says, which shows a piece of the text: there may be a secret in it.
        raise Refused("config_json is not JSON") from None
    if not isinstance(raw, dict):
        raise Refused("config_json is not a JSON object")
    return raw


async def checked(context, check):
    try:
        return check()
    except Refused as refusal:
        await refuse(context, str(refusal))


async def refuse(context, message: str) -> None:
    await context.abort(STATUSES["Invalid"], message, trailing_metadata=(("sluice-error-code", "Invalid"),))


def masked(text: str, secrets) -> str:
    """M5: also where a secret stands in a URL or in JSON, and without white space around it. The longest goes first: it may hold another."""
    forms = {form for secret in secrets for each in (secret, secret.strip()) for form in (each, quote(each, safe=""), json.dumps(each)[1:-1])}
    for form in sorted(forms - {""}, key=len, reverse=True):
        text = text.replace(form, "*****")
    return text
