import { testConformance } from '../src/vitest.ts';
import { startMemoryMetric, startMemoryRouter, startMemoryStep } from './plugins.ts';

testConformance({ type: 'router', start: () => startMemoryRouter() });
testConformance({ type: 'metric', start: () => startMemoryMetric() });
testConformance({ type: 'step', start: () => startMemoryStep(), without: ['faults'] });
