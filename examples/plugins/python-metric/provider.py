"""What is measured: a statistic over the numbers that an address answers. All that the contract asks of every provider is in contract.py."""

import json
import statistics
from dataclasses import dataclass

import httpx

from contract import MeasurementError

STATISTICS = {"mean": statistics.fmean, "median": statistics.median, "min": min, "max": max, "stdev": statistics.pstdev}
LONGEST_ANSWER = 1024 * 1024


@dataclass(frozen=True)
class Config:
    """What stands in a metric below `provider.plugin["example/statistics"]`."""

    address: str
    statistic: str
    timeout_seconds: float


def config_in(raw: dict) -> Config:
    """Raises MeasurementError `Invalid` where it cannot be used."""
    address, statistic, timeout = raw.get("address"), raw.get("statistic", "mean"), raw.get("timeoutSeconds", 10)
    if not isinstance(address, str) or not address.startswith(("http://", "https://")):
        raise MeasurementError("Invalid", "address must be a URL", path="address")
    if statistic not in STATISTICS:
        raise MeasurementError("Invalid", f"statistic must be one of {', '.join(STATISTICS)}", path="statistic")
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or timeout <= 0:
        raise MeasurementError("Invalid", "timeoutSeconds must be more than 0", path="timeoutSeconds")
    return Config(address, statistic, timeout)


class Statistics:
    """Asks an address for a JSON list of numbers."""

    name = "example/statistics"
    version = "0.1.0"

    def __init__(self) -> None:
        self._client = httpx.AsyncClient(follow_redirects=False)

    def problems(self, raw: dict) -> None:
        config_in(raw)

    async def measure(self, raw: dict):
        """`result` of the conditions: a number, or None where there are no numbers. Cancelled when nobody waits for it any more."""
        config = config_in(raw)
        numbers = numbers_in(await self._text_at(config))
        return STATISTICS[config.statistic](numbers) if numbers else None

    async def _text_at(self, config: Config) -> str:
        try:
            async with self._client.stream("GET", config.address, timeout=config.timeout_seconds) as response:
                if not response.is_success:
                    raise MeasurementError("Unavailable", f"{config.address} answered {response.status_code}")
                body = b""
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > LONGEST_ANSWER:
                        raise MeasurementError("Invalid", f"{config.address} answered with more than 1 MiB")
                return body.decode(errors="replace")
        except httpx.HTTPError as error:
            raise MeasurementError("Unavailable", f"{config.address} does not answer: {error!r}") from error

    async def close(self) -> None:
        await self._client.aclose()


def numbers_in(text: str) -> list[float]:
    try:
        numbers = json.loads(text)
    except (ValueError, RecursionError):
        numbers = None
    # True is a number to Python, and to nobody else.
    if not isinstance(numbers, list) or not all(type(each) in (int, float) for each in numbers):
        raise MeasurementError("Invalid", "the answer is no list of numbers")
    return [float(each) for each in numbers]
