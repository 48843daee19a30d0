import type { ServiceDefinition, UntypedServiceImplementation, handleUnaryCall } from '@grpc/grpc-js';
import { protocolVersion } from '@sluice/contracts';
import type { DescribeRequest, DescribeResponse } from '@sluice/contracts';
import { reading } from './call.ts';
import type { CallRuntime } from './call.ts';

/** How a plugin introduces itself: rule P5. */
export interface Introduction {
  /** As people write it in manifests: `nginx`, `my-org/my-router`. */
  readonly name: string;
  /** Other names that it answers to. */
  readonly aliases?: readonly string[];
  readonly version: string;
  /** What it can do beyond the minimum: see the contract of its type. */
  readonly capabilities?: readonly string[];
}

/** One gRPC service of a plugin. */
export interface PluginService<Implementation extends UntypedServiceImplementation = UntypedServiceImplementation> {
  /** Full name, as health is asked for: `sluice.router.v1.TrafficRouter`. */
  readonly name: string;
  readonly definition: ServiceDefinition;
  readonly implementation: Implementation;
}

export function describing(
  { name, aliases = [], version, capabilities = [] }: Introduction,
  runtime: CallRuntime,
): handleUnaryCall<DescribeRequest, DescribeResponse> {
  const response: DescribeResponse = {
    name,
    aliases: [...aliases],
    version,
    protocolVersion,
    capabilities: [...capabilities],
  };
  return reading(runtime, { method: 'Describe', rollout: () => undefined, answer: async () => response });
}
