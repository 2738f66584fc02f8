import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { DisposableGuest } from '../host-guests/disposable-guest.ts';
import { type CommandGuest, type CommandGuestOptions, ROOT_MEBIBYTES } from './command-guest.ts';
import { isoSeed } from './nocloud-seed.ts';
import { toolkitImage } from './toolkit.ts';
import { useGuest } from './use-guest.ts';

/**
 * A booted guest for the tests of the file or `describe` that this is called in. GANDI_GUESTS says where it runs: `libvirt`,
 * a disposable guest that gandi-host makes of a golden image; else a machine of QEMU's.
 * @param name of the guest, for messages
 * @returns a guest that cannot be used before the tests begin
 */
export function useCommandGuest(name: string, options: CommandGuestOptions): CommandGuest {
  const { image = async () => ({}), seed, interfaces = [], kernelArguments = [] } = options;
  const { state = 'running', minutes = 15 } = options;
  if (process.env.GANDI_GUESTS === 'libvirt') return useDisposable(name, options);
  return useGuest(name, {
    image: async (folder) => toolkitImage(await image(folder)),
    machine: async (folder) => ({
      disks: [{ disk: await isoSeed(folder, 'seed.iso', await seed(folder)) }],
      interfaces,
      kernelArguments,
    }),
    root: { mebibytes: ROOT_MEBIBYTES },
    state,
    minutes,
  }).guest;
}

function useDisposable(name: string, options: CommandGuestOptions): DisposableGuest {
  const folder = mkdtempSync(join(tmpdir(), `gandi-guest-${name}-`));
  const guest = new DisposableGuest(name);
  const { state = 'running', minutes = 15 } = options;
  beforeAll(async () => {
    await guest.start(options, folder);
    const reached = await guest.waitForBoot();
    const why = reached === state ? '' : (await guest.run('systemctl --failed; gandi-guest status')).stdout;
    expect(reached, why).toBe(state);
  }, minutes * 60_000);
  afterAll(async () => {
    const left = await guest.end();
    rmSync(folder, { recursive: true });
    expect(left, 'what the guest left behind').toEqual([]);
  });
  return guest;
}
