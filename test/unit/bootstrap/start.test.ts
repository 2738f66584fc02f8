import { mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { main } from '../../../src/bootstrap/start.ts';
import { MetadataHost } from '../../metadata-host.ts';
import { seededGuest } from '../metadata/seeded-guest.ts';
import { simulatedSystem } from '../simulated-system.ts';

const SOCKET = '/native/.zonecontrol/metadata.sock';

let server: Server | undefined;
afterEach(() => {
  server?.close();
});

/** An LX zone that has booted, and the program as it is started at its next boot. */
async function bootedZone(environment: Record<string, string>) {
  const guest = seededGuest({ '/proc/sys/kernel/version': 'BrandZ virtual linux\n' });
  const host = new MetadataHost({ values: { 'sdc:uuid': 'c1f0d2aa', hostname: 'web1' } });
  const path = join(guest.files.root, SOCKET);
  mkdirSync(dirname(path), { recursive: true });
  server = createServer((socket) => host.serve(socket));
  await new Promise<void>((resolve) => server?.listen(path, resolve));
  await guest.boot();
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

it('does not ask first at any other boot', async () => {
  const { host, system } = await bootedZone({ GANDI_BOOT: '1' });
  host.seen.length = 0;
  await expect(main([], system)).rejects.toThrow('it looks at the guest');
  expect(host.seen).toEqual([]);
});
