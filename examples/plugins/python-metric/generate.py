"""Writes gen/ from the .proto files of libs/contracts: python generate.py"""

import sys
from pathlib import Path

from grpc_tools import protoc

here = Path(__file__).parent
contracts = here / "../../../libs/contracts/proto"
target = Path(sys.argv[1]) if len(sys.argv) > 1 else here / "gen"
target.mkdir(parents=True, exist_ok=True)
# grpc.health.v1 comes with the package grpcio-health-checking.
files = ["sluice/plugin/v1/plugin.proto", "sluice/metric/v1/metric.proto"]
sys.exit(protoc.main(["protoc", f"-I{contracts}", f"--python_out={target}", f"--grpc_python_out={target}", *files]))
