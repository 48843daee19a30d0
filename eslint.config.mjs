import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

const clock = 'The engine gets the time from its snapshot: take it as a parameter.';
const random = 'A pure library is deterministic: take the random choice as a parameter.';

// Pure libraries decide; they do not read clocks, files or networks, and never await. Everything that they need is a parameter.
const pure = {
  files: ['libs/{model,engine,expression,simulator}/src/**/*.ts'],
  ignores: ['**/*.test.ts'],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          { group: ['node:*'], message: 'A pure library imports no Node module.' },
          {
            group: ['@kubernetes/*', '@grpc/*', 'fastify', 'bullmq', 'ioredis', 'pino', 'prom-client'],
            message: 'A pure library does no I/O.',
          },
        ],
      },
    ],
    'no-restricted-globals': [
      'error',
      ...[
        'process',
        'Buffer',
        'fetch',
        'setTimeout',
        'setInterval',
        'setImmediate',
        'queueMicrotask',
        'performance',
        'crypto',
        'console',
        'require',
      ].map((name) => ({ name, message: 'A pure library has no clock, no process and no I/O.' })),
    ],
    'no-restricted-properties': [
      'error',
      { object: 'Date', property: 'now', message: clock },
      { object: 'Math', property: 'random', message: random },
    ],
    'no-restricted-syntax': [
      'error',
      { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: clock },
      { selector: 'AwaitExpression', message: 'A pure library never awaits.' },
      { selector: ':function[async=true]', message: 'A pure library never awaits.' },
      { selector: 'ImportExpression', message: 'A pure library loads nothing while it runs.' },
    ],
  },
};

export default tseslint.config(
  {
    ignores: [
      '**/node_modules',
      '**/dist',
      '.nx',
      '.cache',
      '**/gen/**',
      'tools/parity/{kube,metrics,replay,world,build}.mjs',
      'tools/parity/scenarios/**',
    ],
  },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
    },
  },
  {
    files: ['**/*.ts', '**/*.mjs'],
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        {
          enforceBuildableLibDependency: false,
          allow: [],
          depConstraints: [
            { sourceTag: 'layer:pure', onlyDependOnLibsWithTags: ['layer:pure'] },
            { sourceTag: 'layer:contract', onlyDependOnLibsWithTags: ['layer:contract', 'layer:pure'] },
            { sourceTag: 'layer:io', onlyDependOnLibsWithTags: ['layer:io', 'layer:contract', 'layer:pure'] },
            {
              sourceTag: 'layer:app',
              onlyDependOnLibsWithTags: ['layer:app', 'layer:io', 'layer:contract', 'layer:pure'],
            },
            // A plugin lives alone: it knows its own logic and the contract, nothing of the services that call it.
            { sourceTag: 'layer:plugin', onlyDependOnLibsWithTags: ['layer:io', 'layer:contract', 'layer:pure'] },
            { sourceTag: 'layer:tool', onlyDependOnLibsWithTags: ['*'] },
          ],
        },
      ],
    },
  },
  pure,
);
