#!/usr/bin/env node
import { programFor } from './program.ts';

process.exitCode = await programFor(process).run(process.argv.slice(2));
