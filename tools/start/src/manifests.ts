import fs from 'node:fs';
import path from 'node:path';
import { resources } from '@sluice/kube';
import type { KubeClient, RawObject, ResourceRef } from '@sluice/kube';
import { parseAllDocuments } from 'yaml';
import { Failure } from '../first-stage/failure.mjs';

/** The objects of a YAML file, or of all YAML files of a folder in the order of their names. Throws a Failure that names file and line. */
export function readManifests(place: string): RawObject[] {
  const files = filesOf(place);
  return files.flatMap((file) =>
    parseAllDocuments(fs.readFileSync(file, 'utf8')).flatMap((document) => {
      const [problem] = document.errors;
      if (problem) throw new Failure(`${file}: ${problem.message.split('\n')[0]}`);
      const object = document.toJS() as RawObject | null;
      if (object === null) return [];
      if (!object.kind || !object.metadata?.name)
        throw new Failure(`${file}: an object has no kind or no metadata.name: add it`);
      return [object];
    }),
  );
}

function filesOf(place: string): string[] {
  const found = fs.statSync(place, { throwIfNoEntry: false });
  if (!found) throw new Failure(`${place} does not exist`);
  if (!found.isDirectory()) return [place];
  const names = fs.readdirSync(place).filter((name) => /\.ya?ml$/.test(name));
  return names.sort().map((name) => path.join(place, name));
}

/** Applies objects in their order (server-side apply), those without a namespace into `namespace`. */
export async function applyManifests(
  client: KubeClient,
  objects: readonly RawObject[],
  namespace: string,
): Promise<void> {
  for (const object of objects) {
    const ref = resourceOf(object);
    const metadata = ref.namespaced
      ? { ...object.metadata, namespace: object.metadata.namespace ?? namespace }
      : object.metadata;
    await client.patch(ref, metadata, 'apply', { ...object, metadata }, { force: true, fieldManager: 'sluice-start' });
  }
}

const routeKind = (group: string, plural: string, kind: string): ResourceRef => ({
  group,
  version: 'v1',
  plural,
  kind,
  namespaced: true,
});
const routeKinds = [
  routeKind('networking.istio.io', 'virtualservices', 'VirtualService'),
  routeKind('networking.istio.io', 'destinationrules', 'DestinationRule'),
  routeKind('gateway.networking.k8s.io', 'httproutes', 'HTTPRoute'),
];

function resourceOf(object: RawObject): ResourceRef {
  const [group, version] = object.apiVersion?.includes('/') ? object.apiVersion.split('/') : ['', object.apiVersion];
  const known = [...Object.values(resources), ...routeKinds].find(
    (ref) => ref.kind === object.kind && ref.group === group,
  );
  if (!known)
    throw new Failure(
      `${object.kind} ${object.metadata.name}: ${object.apiVersion} ${object.kind} is not a kind that examples can use`,
    );
  return { ...known, version: version ?? known.version };
}
