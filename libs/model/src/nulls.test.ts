import { describe, expect, it } from 'vitest';
import { moments } from '../test/recordings.ts';
import { withoutNulls } from './nulls.ts';

describe('nulls that clients write', () => {
  it('are dropped where the API knows the field, and kept in what belongs to others', () => {
    const rollout = {
      metadata: { name: 'a', annotations: null },
      spec: {
        selector: null,
        template: { metadata: { labels: null }, spec: { containers: null } },
        strategy: {
          canary: {
            steps: [
              { setWeight: 5, pause: null },
              { plugin: { name: 'x/y', config: { keep: null } } },
              { setHeaderRoute: { name: 'r', match: [{ headerName: 'h', headerValue: null }] } },
            ],
          },
        },
      },
      status: { pauseConditions: null, abort: true },
    };
    expect(withoutNulls('Rollout', rollout)).toEqual({
      metadata: { name: 'a', annotations: null },
      spec: {
        template: { metadata: {}, spec: { containers: null } },
        strategy: {
          canary: {
            steps: [
              { setWeight: 5 },
              { plugin: { name: 'x/y', config: { keep: null } } },
              { setHeaderRoute: { name: 'r', match: [{ headerName: 'h' }] } },
            ],
          },
        },
      },
      status: { abort: true },
    });
  });

  it('are so rare that an object without them comes back itself', () => {
    for (const { rollout } of moments) expect(withoutNulls('Rollout', rollout)).toBe(rollout);
  });
});
