import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const dist = (name: string) => fileURLToPath(new URL(`../../../dist/${name}`, import.meta.url));

/** Words of the check that each bundle begins with; the runtime's own code has none like them. */
const BEGINNING = 'is too old: install Node.js';

/** What esbuild says where a private field, as a WeakMap, is made twice: its helpers are there if that is. */
const LOWERED = 'Cannot add the same private member more than once';

/** An access to a private field as the language has it. */
const PRIVATE_FIELD = /[\w$]\.#[\w$]+/g;

/** The bundle in a file, as text. The executable has it between other bytes, and before it some of its words as bytecode. */
function bundleIn(file: string): string {
  const bytes = readFileSync(dist(file));
  const begin = bytes.lastIndexOf(BEGINNING);
  if (begin < 0) throw new Error(`there is no bundle in ${file}`);
  const end = bytes.indexOf(0, begin);
  return bytes.toString('latin1', begin, end < 0 ? bytes.length : end);
}

// The executable is only there where Bun is made for this machine's architecture.
describe.runIf(existsSync(dist('gandi')))('the bundle in the executable', () => {
  it('has private fields as the sources write them: as WeakMaps they cost 35 million instructions of a first boot', () => {
    const text = bundleIn('gandi');
    expect(text.length).toBeGreaterThan(300_000);
    expect(text.includes(LOWERED)).toBe(false);
    expect(text.match(PRIVATE_FIELD)?.length).toBeGreaterThan(200);
  });

  it('is told from one in older syntax by that', () => {
    const text = bundleIn('gandi.cjs');
    expect(text.includes(LOWERED)).toBe(true);
    expect(text.match(PRIVATE_FIELD)).toBeNull();
  });
});
