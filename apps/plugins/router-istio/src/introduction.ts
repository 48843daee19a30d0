import type { Introduction } from '@sluice/plugin-sdk';

export const introduction: Introduction = {
  name: 'istio',
  version: '0.1.0',
  capabilities: ['header-routes', 'mirror-routes', 'extra-destinations', 'hashes'],
};
