import type { Introduction } from '@sluice/plugin-sdk';

export const introduction: Introduction = {
  name: 'job',
  version: '0.1.0',
  capabilities: ['pending', 'verdict', 'side-effects'],
};
