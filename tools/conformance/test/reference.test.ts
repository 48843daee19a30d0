import { testConformance } from '../src/vitest.ts';
import { startMemoryRouter, startMemoryStep } from './plugins.ts';

testConformance({ type: 'router', start: () => startMemoryRouter() });
testConformance({ type: 'step', start: () => startMemoryStep(), without: ['faults'] });
