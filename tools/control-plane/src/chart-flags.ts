import fs from 'node:fs';
import path from 'node:path';
import { root, runProgram } from '@sluice/tools-start';
import type { Session } from '@sluice/tools-start';

const usages = new Map<string, Promise<string>>();

/** What `--help` of a service or plugin of this repository prints. */
function usageOf(session: Session, service: string): Promise<string> {
  const folder = ['apps', 'apps/plugins']
    .map((each) => path.join(root, each, service))
    .find((each) => fs.existsSync(each));
  if (folder === undefined) throw new Error(`there is no service for the image sluice/${service}`);
  const asked = async (): Promise<string> =>
    (await runProgram(session, process.execPath, [path.join(folder, 'src/main.ts'), '--help'], { output: 'collect' }))
      .output;
  const known = usages.get(service) ?? asked();
  usages.set(service, known);
  return known;
}

/** Flags in the rendered Deployments that the program in the image would refuse: `rollout-controller --shard`. */
export async function unknownFlags(session: Session, text: string): Promise<string[]> {
  const unknown: string[] = [];
  for (const document of text.split(/^---$/m)) {
    const service = /^ +image: "?sluice\/([a-z-]+):/m.exec(document)?.[1];
    if (service === undefined) continue;
    const usage = await usageOf(session, service);
    // A switch that is on is listed as the flag that turns it off.
    for (const [, flag = ''] of document.matchAll(/^ +- --([a-z-]+)(?==|$)/gm))
      if (![`  --${flag} `, `  --no-${flag} `].some((listed) => usage.includes(listed)))
        unknown.push(`${service} --${flag}`);
  }
  return unknown;
}
