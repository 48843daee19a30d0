import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { createClient, resources } from '@sluice/kube';
import { findTool, installCustomResources, root, runProgram, runSession } from '@sluice/tools-start';
import type { Session } from '@sluice/tools-start';
import { buildHelmTemplate } from './src/build.ts';
import { unknownFlags } from './src/chart-flags.ts';
import { startControlPlane } from './src/control-plane.ts';
import type { ControlPlane } from './src/control-plane.ts';

// npm run test:charts: renders every chart, with its own values and with each file of its ci folder laid over them, and asks a real API
// server whether it would take what comes out. Values in ci/refused must not render at all.
const say = (line: string) => console.log(line);

await runSession('stderr', async (session) => {
  const helm = await buildHelmTemplate(say);
  const plane = await startControlPlane(path.join(session.temp, 'control-plane'), undefined, say);
  session.atEnd(() => plane.stop());
  const client = await createClient({ kubeconfig: plane.kubeconfig });
  await installCustomResources(client, [path.join(root, 'tools/control-plane/certificates.crds.yaml')]);
  client.close();
  let failed = 0;
  const cases = charts().flatMap(casesOf);
  for (const { chart, values, refused } of cases) {
    const name = [path.basename(chart), values && path.basename(values)].filter(Boolean).join(' with ');
    const problem = refused ? renders(helm, chart, values) : await check(session, plane, helm, chart, values);
    console.log(problem === undefined ? `ok       ${name}` : `FAILED   ${name}\n${problem}`);
    if (problem !== undefined) failed++;
  }
  console.log(`${cases.length - failed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
});

function charts(): string[] {
  const folder = path.join(root, 'charts');
  const found = fs.readdirSync(folder).map((name) => path.join(folder, name));
  return found.filter((chart) => fs.existsSync(path.join(chart, 'Chart.yaml')));
}

interface Case {
  readonly chart: string;
  readonly values?: string;
  /** Helm must not render it. */
  readonly refused?: boolean;
}

function casesOf(chart: string): readonly Case[] {
  const filesIn = (folder: string) =>
    (fs.existsSync(folder) ? fs.readdirSync(folder).sort() : [])
      .filter((file) => file.endsWith('.yaml'))
      .map((file) => path.join(folder, file));
  return [
    { chart },
    ...filesIn(path.join(chart, 'ci')).map((values) => ({ chart, values })),
    ...filesIn(path.join(chart, 'ci/refused')).map((values) => ({ chart, values, refused: true })),
  ];
}

/** What is wrong when values that must be refused are rendered; undefined when they are refused. */
function renders(helm: string, chart: string, values = ''): string | undefined {
  try {
    execFileSync(helm, ['-values', values, chart], { stdio: 'pipe' });
  } catch {
    return undefined;
  }
  return 'rendered, and must be refused by values.schema.json';
}

/** What is wrong with the rendered chart; undefined when the API server would take it. */
async function check(session: Session, plane: ControlPlane, helm: string, chart: string, values?: string) {
  const rendered = path.join(session.temp, 'rendered.yaml');
  try {
    const text = execFileSync(helm, [...(values ? ['-values', values] : []), chart], { encoding: 'utf8' });
    if (values && /^namespaces: \[./m.test(fs.readFileSync(values, 'utf8')) && /^kind: ClusterRole/m.test(text))
      return 'an install for some namespaces takes a ClusterRole: it must do with Roles';
    const unknown = await unknownFlags(session, text);
    if (unknown.length > 0) return `flags that no service knows: ${unknown.join(', ')}`;
    fs.writeFileSync(rendered, text);
    await createNamespaces(plane, text);
  } catch (error) {
    return (error as Error).message;
  }
  const [command, ...first] = findTool('kubectl') ? ['kubectl'] : plane.kubectl;
  const args = ['--kubeconfig', plane.kubeconfig, 'apply', '--dry-run=server', '--validate=strict', '-f', rendered];
  const { code, output } = await runProgram(session, command as string, [...first, ...args], { output: 'collect' });
  return code === 0 ? undefined : output.trimEnd();
}

async function createNamespaces(plane: ControlPlane, text: string): Promise<void> {
  const client = await createClient({ kubeconfig: plane.kubeconfig });
  for (const name of new Set([...text.matchAll(/^ {2}namespace: (\S+)$/gm)].map(([, name]) => name as string)))
    if (!(await client.find(resources.namespaces, { name })))
      await client.create(resources.namespaces, { metadata: { name } });
  client.close();
}
