import type { Introduction } from '@sluice/plugin-sdk';

export const introduction: Introduction = {
  name: 'argoproj-labs/gatewayAPI',
  aliases: ['gatewayAPI', 'gateway-api'],
  version: '0.1.0',
  capabilities: ['header-routes', 'extra-destinations', 'verify'],
};
