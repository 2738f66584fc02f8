import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { SimulatedGuest } from '../bootstrap/simulated-guest.ts';
import { captureOutput } from '../captured-output.ts';

vi.mock('../../../src/machine/changes/apply.ts', async (original) => {
  const { applyChange } = await original<typeof import('../../../src/machine/changes/apply.ts')>();
  return {
    // This machine's own kernel is not the simulated one's.
    applyChange: (change: { kind: string }, ...others: unknown[]) =>
      change.kind === 'set-kernel-value'
        ? Promise.resolve('done')
        : applyChange(...([change, ...others] as unknown as Parameters<typeof applyChange>)),
  };
});

const said = captureOutput();
let guest: SimulatedGuest;
afterEach(() => guest.remove());

/** In ISO 8859-1, as older files have it. */
const COMMENT = Buffer.from('# caf\xe9 \xe0 c\xf4t\xe9\n', 'latin1');

it('a first boot leaves the bytes of lines that are not its own, and of what it keeps a copy of', async () => {
  guest = await SimulatedGuest.make('whole disk');
  const edited = ['/etc/hosts', '/etc/network/interfaces', '/root/.ssh/authorized_keys'];
  const at = (path: string) => `${guest.files.root}${path}`;
  for (const path of [...edited, '/etc/resolv.conf']) {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), Buffer.concat([COMMENT, Buffer.from(guest.files.readText(path) ?? '')]));
  }
  expect((await guest.bootstrap()).status, said.stderr).toBe('configured');
  for (const path of [...edited, '/var/lib/gandi/backup/etc_resolv.conf']) {
    const bytes = readFileSync(at(path));
    expect(bytes.subarray(0, COMMENT.length), path).toEqual(COMMENT);
    expect(bytes.length, path).toBeGreaterThan(COMMENT.length);
  }
});
