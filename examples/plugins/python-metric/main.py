"""Serves the provider: python main.py --port 8091"""

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1._async import HealthServicer

sys.path.insert(0, str(Path(__file__).parent / "gen"))

from sluice.metric.v1 import metric_pb2_grpc  # noqa: E402 -- where generate.py writes it

from contract import SERVICE, MetricProvider  # noqa: E402
from provider import Statistics  # noqa: E402


async def main() -> None:
    parser = argparse.ArgumentParser(description="Measures statistics over numbers that an address answers.")
    parser.add_argument("--host", default="0.0.0.0", help="address for calls; 127.0.0.1 keeps them on this machine")
    parser.add_argument("--port", type=int, default=8091, help="port for calls; 0 takes a free one")
    flags = parser.parse_args()

    provider, health, server = Statistics(), HealthServicer(), grpc.aio.server()
    metric_pb2_grpc.add_MetricProviderServicer_to_server(MetricProvider(provider), server)
    health_pb2_grpc.add_HealthServicer_to_server(health, server)
    port = server.add_insecure_port(f"{flags.host}:{flags.port}")
    await server.start()
    for service in ("", SERVICE):
        await health.set(service, health_pb2.HealthCheckResponse.SERVING)
    print(json.dumps({"port": port}), flush=True)

    stopped = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    await stopped.wait()
    # P6: whoever watches learns of it before calls are refused; calls that run may end.
    await health.enter_graceful_shutdown()
    await server.stop(grace=5)
    await provider.close()


if __name__ == "__main__":
    asyncio.run(main())
