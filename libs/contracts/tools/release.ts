import { buf } from './buf.ts';

// From here on nothing of the present contract may be taken away or change its meaning: `npm test` compares with this image.
await buf('breaking', '--against', 'released.binpb');
await buf('build', '--exclude-source-info', '-o', 'released.binpb');
