import type { Introduction } from '@sluice/plugin-sdk';

export const introduction: Introduction = { name: 'prometheus', version: '0.1.0' };
