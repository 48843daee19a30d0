import { type KubeClient, type RawObject, resources } from '@sluice/kube';
import { type PodTemplateSpec, type ReplicaSet, type Rollout, templatesEqual } from '@sluice/model';
import type { Command } from 'commander';
import { VERSIONED, readRollout, referencedWorkload } from '../cluster.ts';
import { completesWith } from '../completion.ts';
import { wholeNumberFlag } from '../flags.ts';
import { targetOfUndo, templateToRestore } from '../patches/undo.ts';
import { type Session, printLine } from '../session.ts';
import { isControlledBy, revisionOf } from '../view/objects.ts';

export function registerUndo(program: Command, session: Session): void {
  const command = program
    .command('undo')
    .description('go back to an earlier revision of a Rollout')
    .argument('<ROLLOUT>')
    .option(
      '--to-revision <N>',
      'the revision to go back to; 0 is the one before the current',
      wholeNumberFlag('to-revision'),
      0,
    )
    .action(async (name: string, flags: { toRevision: number }) => {
      const client = await session.client();
      const rollout = await readRollout(client, name);
      const skipped = await undo(client, rollout, flags.toRevision);
      printLine(session, skipped ?? `rollout '${name}' undo`);
    });
  completesWith(command, resources.rollouts);
}

/** Writes the earlier template back. Returns what to say instead when it is in force already. */
async function undo(client: KubeClient, rollout: Rollout, toRevision: number): Promise<string | undefined> {
  const { items } = await client.list<ReplicaSet>(resources.replicaSets, { namespace: client.namespace, ...VERSIONED });
  const owned = items.filter((replicaSet) => isControlledBy(replicaSet, rollout));
  const target = targetOfUndo(owned, toRevision, rollout.metadata.name);
  const template = templateToRestore(target, rollout.spec.strategy);
  const holder = referencedWorkload(rollout) ?? {
    ref: resources.rollouts,
    key: { namespace: client.namespace, name: rollout.metadata.name },
  };
  const object = await client.get<RawObject>(holder.ref, holder.key);
  const isPodTemplate = holder.ref.kind === 'PodTemplate';
  const current: PodTemplateSpec = (isPodTemplate ? object.template : object.spec?.template) ?? {};
  if (templatesEqual(current, template)) {
    return `skipped rollback (current template already matches revision ${revisionOf(target)})`;
  }
  await client.patch(holder.ref, holder.key, 'json', [
    { op: 'replace', path: isPodTemplate ? '/template' : '/spec/template', value: template },
  ]);
  return undefined;
}
