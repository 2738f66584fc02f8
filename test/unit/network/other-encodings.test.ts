import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { SimulatedGuest } from '../bootstrap/simulated-guest.ts';
import { captureOutput } from '../captured-output.ts';

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
