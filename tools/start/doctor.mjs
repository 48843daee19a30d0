#!/usr/bin/env node
// npm run doctor: what is missing on this machine, what for, and what to type. Plain JavaScript: it is asked before anything is installed.
import { diagnose, renderDiagnosis } from './first-stage/diagnosis.mjs';
import { root } from './first-stage/workspace.mjs';

const findings = await diagnose(root);
console.log(renderDiagnosis(findings));
process.exit(findings.some((finding) => !finding.ok && finding.needed) ? 1 : 0);
