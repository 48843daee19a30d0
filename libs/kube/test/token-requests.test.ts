import { describe, expect, it } from 'vitest';
import { createTokenRequests, serviceAccountOf, silentLogger } from '../src/index.ts';
import type { KubeClient } from '../src/index.ts';

const account = { namespace: 'sluice-system', name: 'sluice-rollout-controller' };

function world() {
  const state = { clock: 0, asked: [] as string[], isAway: false };
  const raw: KubeClient['raw'] = ({ path, body }) => {
    if (state.isAway) return Promise.reject(new Error('away'));
    const [audience = ''] = (body as { spec: { audiences: string[] } }).spec.audiences;
    state.asked.push(`${path} ${audience}`);
    return Promise.resolve({
      status: 201,
      headers: {},
      body: { status: { token: `${audience}#${state.asked.length}` } },
    });
  };
  const requests = createTokenRequests({ raw }, account, { logger: silentLogger, now: () => state.clock });
  return { state, tokenFor: requests.tokenFor };
}

describe('tokens of our own account', () => {
  it('are asked for once for each audience, and renewed in good time', async () => {
    const { state, tokenFor } = world();
    expect(await Promise.all([tokenFor('a'), tokenFor('a'), tokenFor('b')])).toEqual(['a#1', 'a#1', 'b#2']);
    expect(state.asked[0]).toBe('/api/v1/namespaces/sluice-system/serviceaccounts/sluice-rollout-controller/token a');
    state.clock = 599_000;
    expect(await tokenFor('a')).toBe('a#1');
    state.clock = 601_000;
    expect(await tokenFor('a')).toBe('a#3');
  });

  it('are kept while the API server is away, and asked for again soon', async () => {
    const { state, tokenFor } = world();
    await tokenFor('a');
    state.clock = 601_000;
    state.isAway = true;
    expect(await tokenFor('a')).toBe('a#1');
    state.isAway = false;
    state.clock += 9_000;
    expect(await tokenFor('a')).toBe('a#1');
    state.clock += 2_000;
    expect(await tokenFor('a')).toBe('a#2');
  });

  it('are none where the API server gives none, and asked for again', async () => {
    const { state, tokenFor } = world();
    state.isAway = true;
    expect(await tokenFor('a')).toBeUndefined();
    state.isAway = false;
    state.clock += 11_000;
    expect(await tokenFor('a')).toBe('a#1');
  });
});

describe('the account of a token', () => {
  const tokenOf = (claims: object): string => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;

  it.each([
    [tokenOf({ sub: 'system:serviceaccount:shop:web' }), { namespace: 'shop', name: 'web' }],
    [tokenOf({ sub: 'jane' }), undefined],
    ['admin-token', undefined],
    ['', undefined],
    ['a.%%%.c', undefined],
  ])('of %s is %o', (token, expected) => {
    expect(serviceAccountOf(token)).toEqual(expected);
  });
});
