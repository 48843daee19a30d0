import { type KubeClient, type RawObject, apiVersionOf, isKubeError, resources } from '@sluice/kube';
import type { Command } from 'commander';
import { type ReferencedWorkload, readRollout, referencedWorkload } from '../cluster.ts';
import { completesWith } from '../completion.ts';
import { UsageError } from '../errors.ts';
import { withImage } from '../patches/image.ts';
import { type Session, printLine } from '../session.ts';

const CONFLICT_RETRIES = 5;

export function registerSet(program: Command, session: Session): void {
  const set = program.command('set').description('change a field of a Rollout');
  const image = set
    .command('image')
    .description('change the image of a container; * stands for all containers')
    .argument('<ROLLOUT>')
    .argument('<CONTAINER=IMAGE>')
    .action(async (name: string, pair: string) => {
      const parts = pair.split('=');
      const [container = '', newImage = ''] = parts;
      if (parts.length !== 2) throw new UsageError(`expected CONTAINER=IMAGE, got "${pair}"`);
      const edited = await setImage(await session.client(), name, container, newImage);
      printLine(session, `${edited.kind} "${edited.name}" image updated`);
    });
  completesWith(image, resources.rollouts);
}

/** Read, modify, write; again when somebody else wrote in between. Returns what was written: the Rollout, or what its workloadRef names. */
async function setImage(
  client: KubeClient,
  name: string,
  container: string,
  image: string,
): Promise<{ kind: string; name: string }> {
  const holder = await templateHolder(client, name);
  for (let attempt = 0; ; attempt += 1) {
    const object = await client.get<RawObject>(holder.ref, holder.key);
    try {
      await client.replace(holder.ref, {
        ...object,
        ...changedTemplate(object, container, image),
        apiVersion: apiVersionOf(holder.ref),
        kind: holder.ref.kind,
      });
      return { kind: holder.ref.kind.toLowerCase(), name: object.metadata.name ?? '' };
    } catch (error) {
      if (!isKubeError(error, 'Conflict') || attempt === CONFLICT_RETRIES) throw error;
    }
  }
}

async function templateHolder(client: KubeClient, name: string): Promise<ReferencedWorkload> {
  const key = { namespace: client.namespace, name };
  return referencedWorkload(await readRollout(client, name)) ?? { ref: resources.rollouts, key };
}

// A PodTemplate holds its template at the top, all others in their spec.
function changedTemplate(object: RawObject, container: string, image: string): object {
  if (object.kind === 'PodTemplate') return { template: withImage(object.template, container, image) };
  return { spec: { ...object.spec, template: withImage(object.spec?.template, container, image) } };
}
