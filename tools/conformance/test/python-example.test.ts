import { test } from 'vitest';
import { preparedEnvironment } from '../python-example/environment.ts';
import { startExample, without } from '../python-example/start.ts';
import { testConformance } from '../src/vitest.ts';

const environment = await preparedEnvironment();
if (environment === undefined) {
  const line =
    'left out: examples/plugins/python-metric (npm run -w @sluice/conformance check:python-example makes a Python for it)';
  console.log(line);
  test.skip(line);
} else {
  testConformance({ type: 'metric', without, start: () => startExample(environment) });
}
