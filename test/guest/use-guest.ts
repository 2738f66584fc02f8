import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { overlayDisk } from './disk.ts';
import { Guest } from './guest.ts';
import type { Image } from './image.ts';
import type { GuestDisk, MachineOptions } from './machine.ts';
import { toolkitImage } from './toolkit.ts';

/** How a guest differs from a Debian 12 with the toolkit, which has a root disk and nothing else. */
export interface GuestOptions {
  /** Makes or finds the image that the root disk lies over. */
  readonly image?: (folder: string) => Promise<Image>;
  /** How the root disk is attached, and its size if it is to be larger than the image. */
  readonly root?: Pick<GuestDisk, 'bus' | 'scsiId'> & { readonly mebibytes?: number };
  /** What else the machine has; its disks come after the root disk. */
  readonly machine?: (folder: string) => Promise<Partial<Omit<MachineOptions, 'image'>>>;
  /** What is done as soon as the machine is on. */
  readonly duringBoot?: (guest: Guest) => Promise<void>;
  /** How the boot is to end: {@link Guest.waitForBoot}. */
  readonly state?: 'running' | 'degraded';
  /** For how long all of this may take; 15 by default. */
  readonly minutes?: number;
}

/**
 * Boots a guest before the tests of the file or `describe` that this is called in, which fail if its boot does not end
 * as it is to, and cuts its power after them. A `beforeAll` that is registered later finds it booted.
 *
 * @param name - of the guest and of its folder, for messages.
 * @returns the guest, which is off until then; the folder for its disks, which is there at once and removed at the end;
 * and `powerOn`, which switches the guest on again when it is off, with other disks beside its root disk, and other words of the host.
 */
export function useGuest(name: string, options: GuestOptions = {}) {
  const { image: findImage = () => toolkitImage(), state = 'running', minutes = 15 } = options;
  const guest = new Guest(name);
  const folder = mkdtempSync(join(tmpdir(), `gandi-guest-${name}-`));
  let withRootDisk: MachineOptions | undefined;

  async function powerOn(
    disks: readonly GuestDisk[],
    more: Pick<MachineOptions, 'oemStrings' | 'system'> = {},
  ): Promise<void> {
    if (withRootDisk === undefined) throw new Error(`${name}: its root disk has not been made yet`);
    await guest.powerOn({ ...withRootDisk, ...more, disks: [...withRootDisk.disks, ...disks] });
  }

  beforeAll(async () => {
    const image = await findImage(folder);
    const { mebibytes, ...place } = options.root ?? {};
    const root = { disk: await overlayDisk(image, join(folder, 'root.qcow2'), mebibytes), ...place };
    const { disks = [], ...machine } = (await options.machine?.(folder)) ?? {};
    withRootDisk = { ...machine, image, disks: [root] };
    await powerOn(disks);
    await options.duringBoot?.(guest);
    const reached = await guest.waitForBoot();
    const why = reached === state ? '' : (await guest.run('systemctl --failed; gandi-guest status')).stdout;
    expect(reached, why).toBe(state);
  }, minutes * 60_000);

  afterAll(async () => {
    await guest.powerCut();
    rmSync(folder, { recursive: true });
  });

  return { guest, folder, powerOn };
}
