import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const dist = (name: string) => fileURLToPath(new URL(`../../../dist/${name}`, import.meta.url));

/** What esbuild says where a private field, as a WeakMap, is made twice: its helpers are there if that is. */
const LOWERED = 'Cannot add the same private member more than once';

/** An access to a private field as the language has it. */
const PRIVATE_FIELD = /[\w$]\.#[\w$]+/g;

/** Where Bun puts the files of a program in its executable, as their names begin. */
const FILE_NAME = /\/\$bunfs\/root\/[\w.-]+/g;

/** The section of an executable that has the bundle's files and their bytecode, as text (elf(5)). */
function bundleIn(file: string): string {
  const bytes = readFileSync(dist(file));
  const [table, size] = [Number(bytes.readBigUInt64LE(0x28)), bytes.readUInt16LE(0x3a)];
  const header = (index: number) => bytes.subarray(table + index * size, table + (index + 1) * size);
  const place = (one: Buffer) =>
    [0x18, 0x20].map((at) => Number(one.readBigUInt64LE(at))) as [number, number];
  const [names] = place(header(bytes.readUInt16LE(0x3e)));
  for (let index = 0; index < bytes.readUInt16LE(0x3c); index++) {
    const name = names + header(index).readUInt32LE(0);
    if (bytes.toString('latin1', name, bytes.indexOf(0, name)) !== '.bun') continue;
    const [begin, length] = place(header(index));
    return bytes.toString('latin1', begin, begin + length);
  }
  throw new Error(`there is no bundle in ${file}`);
}

// The executable is only there where Bun is made for this machine's architecture.
describe.runIf(existsSync(dist('gandi')))('the bundle in the executable', () => {
  it('has private fields as the sources write them: as WeakMaps they cost 35 million instructions of a first boot', () => {
    const text = bundleIn('gandi');
    expect(text.length).toBeGreaterThan(300_000);
    expect(text.includes(LOWERED)).toBe(false);
    expect(text.match(PRIVATE_FIELD)?.length).toBeGreaterThan(200);
  });

  it('is in many files, for a start pays for each function of those that it reads', () => {
    expect(new Set(bundleIn('gandi').match(FILE_NAME)).size).toBeGreaterThan(100);
  });

  it('runs with what the launcher asks of the runtime, which ends at an option that it does not know', () => {
    const launcher = readFileSync(
      fileURLToPath(new URL('../../../packaging/launcher.sh', import.meta.url)),
      'utf8',
    );
    const options = [...launcher.matchAll(/\b(BUN_[A-Za-z_]+)=(\d+)/g)].map(([, name = '', value = '']) => [
      name,
      value,
    ]);
    expect(options.map(([name]) => name)).toContain('BUN_JSC_useJIT');
    const run = (env: Record<string, string>) =>
      spawnSync(dist('gandi'), ['gandi-mount', '--version'], { env });
    expect(run(Object.fromEntries(options)).status).toBe(0);
    expect(run({ BUN_JSC_thereIsNoSuchOption: '0' }).status).not.toBe(0);
  });

  it('is told from one in older syntax by that', () => {
    const text = readFileSync(dist('gandi.cjs'), 'latin1');
    expect(text.includes(LOWERED)).toBe(true);
    expect(text.match(PRIVATE_FIELD)).toBeNull();
  });
});
