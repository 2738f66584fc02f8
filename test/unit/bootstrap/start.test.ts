import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { main } from '../../../src/bootstrap/start.ts';
import { SOURCE_FILE } from '../../../src/machine/files/paths.ts';
import { type HostBehaviour, MetadataHost } from '../../metadata-host.ts';
import { seededGuest } from '../metadata/seeded-guest.ts';
import { simulatedSystem } from '../simulated-system.ts';

const VALUES = { 'sdc:uuid': 'c1f0d2aa', hostname: 'web1' };

const SOCKET = '/native/.zonecontrol/metadata.sock';

let server: Server | undefined;
afterEach(() => {
  server?.close();
});

/** An LX zone that has booted, and the program as it is started at its next boot. */
async function bootedZone(environment: Record<string, string>, change?: (stored: string) => string) {
  const guest = seededGuest({ '/proc/sys/kernel/version': 'BrandZ virtual linux\n' });
  const host = new MetadataHost({ values: { ...VALUES } });
  const path = join(guest.files.root, SOCKET);
  mkdirSync(dirname(path), { recursive: true });
  server = createServer((socket) => host.serve(socket));
  await new Promise<void>((resolve) => server?.listen(path, resolve));
  await guest.boot();
  const stored = guest.files.place(SOURCE_FILE);
  if (change !== undefined) writeFileSync(stored, change(readFileSync(stored, 'utf8')));
  const system = simulatedSystem({
    environment,
    open: () => ({ files: guest.files, live: true }),
    loadFacts: () => Promise.reject(new Error('it looks at the guest')),
  });
  return { host, system };
}

const ASKED = { GANDI_BOOT: '1', GANDI_UNCHANGED: '1' };

it('ends where the host alone could say something new, and says the same', async () => {
  const { host, system } = await bootedZone(ASKED);
  host.seen.length = 0;
  expect(await main([], system)).toBe(4);
  expect(host.seen.some((line) => line.startsWith('V2 '))).toBe(true);
});

it('goes on with the boot where the host says something else', async () => {
  const { host, system } = await bootedZone(ASKED);
  host.behaviour.values.hostname = 'web2';
  await expect(main([], system)).rejects.toThrow('it looks at the guest');
});

it.each<[string, Partial<HostBehaviour>, number | 'the whole boot']>([
  ['has a key more', { values: { ...VALUES, root_authorized_keys: 'ssh-ed25519 A' } }, 'the whole boot'],
  ['garbles all that it says, and says the same', { isGarbling: true }, 4],
  ['answers late, and says the same', { delayMilliseconds: 200 }, 4],
  ['speaks version 1 now, and says the same', { version: 1 }, 4],
])('where the host %s', { timeout: 30_000 }, async (_, behaviour, status) => {
  const { host, system } = await bootedZone(ASKED);
  host.behaviour = { ...host.behaviour, ...behaviour };
  if (status === 'the whole boot') await expect(main([], system)).rejects.toThrow('it looks at the guest');
  else expect(await main([], system)).toBe(status);
});

it.each<[string, (stored: string) => string]>([
  ['is gone', (stored) => stored.replace(/"digest": *"[^"]*",?/, '')],
  ['is another', (stored) => stored.replace(/("digest": *")./, '$1x')],
  ['is no text', (stored) => stored.replace(/("digest": *)"[^"]*"/, '$17')],
  ['is in a file that is cut off', (stored) => stored.slice(0, -20)],
])('the whole boot is done where the digest of what it said %s', async (_, change) => {
  const { system } = await bootedZone(ASKED, change);
  await expect(main([], system)).rejects.toThrow('it looks at the guest');
});

it('does not ask first at any other boot', async () => {
  const { host, system } = await bootedZone({ GANDI_BOOT: '1' });
  host.seen.length = 0;
  await expect(main([], system)).rejects.toThrow('it looks at the guest');
  expect(host.seen).toEqual([]);
});
