// A type checker that silently checks nothing passes everything. This folder holds one error in a
// component and one in a module; unless both are reported, the check itself is broken.
import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const { stdout } = spawnSync(
  'npx', ['svelte-check', '--workspace', here, '--tsconfig', `${here}/tsconfig.json`,
    '--output', 'machine'],
  { encoding: 'utf8' },
);
const missing = ['Wrong.svelte', 'wrong.ts'].filter(
  (name) => !stdout.split('\n').some((line) => line.includes('ERROR') && line.includes(name)));
if (missing.length > 0) {
  console.error(`the type check overlooks ${missing.join(' and ')}:\n${stdout}`);
  process.exit(1);
}
console.log('the type check sees what is wrong');
