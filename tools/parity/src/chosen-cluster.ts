import { Failure } from '@sluice/tools-start';
import { clusterKinds } from './cluster.ts';
import type { ClusterKind } from './cluster.ts';

/** The value of --cluster. Throws a Failure that lists the choices. */
export function chosenCluster(name: string): ClusterKind {
  const kind = clusterKinds.find((each) => each === name);
  if (!kind) throw new Failure(`--cluster is ${clusterKinds.join(' or ')}, not "${name}"`);
  return kind;
}
