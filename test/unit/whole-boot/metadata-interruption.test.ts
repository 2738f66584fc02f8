import { beforeEach, describe, expect, it } from 'vitest';
import type { Change } from '../../../src/machine/changes/change.ts';
import { describeChange } from '../../../src/machine/changes/change-kinds.ts';
import { captureOutput } from '../captured-output.ts';
import { cutPower, recordChanges, withoutSpaceFor } from '../fault-injection.ts';
import { MetadataBoot } from './metadata-boot.ts';

const said = captureOutput();

describe('the run that asks a metadata service, at a first boot', { timeout: 240_000 }, () => {
  let changes: Change[];
  let state: Record<string, string>;

  /** A guest whose network is up, and that has not asked yet. */
  async function firstBooted(): Promise<MetadataBoot> {
    const made = await MetadataBoot.make();
    expect(await made.first(), said.stderr).toBe(0);
    return made;
  }

  beforeEach(async () => {
    const made = await firstBooted();
    const { changes: all, result } = await recordChanges(() => made.second());
    expect(result, said.stderr).toBe(0);
    changes = all;
    state = made.state();
  });

  /** The next boot of a guest whose first one was disturbed ends as one that was not. */
  async function expectMadeUpFor(made: MetadataBoot, where: string): Promise<void> {
    made.restart();
    said.stderr = '';
    for (const status of await made.boot()) expect([0, 3], `${where}: ${said.stderr}`).toContain(status);
    expect(made.state(), where).toEqual(state);
  }

  it('does all that it says, and a second time nothing of it', async () => {
    expect(state).toMatchObject({
      '/etc/hostname': expect.stringContaining('os1'),
      '/etc/resolv.conf': expect.stringContaining('192.0.2.53'),
      '/etc/network/interfaces.d/50-gandi-eth0': expect.stringContaining('192.0.2.10/24'),
      '/etc/injected': expect.stringContaining('injected'),
      '/etc/from-host': expect.stringContaining('host'),
      '/etc/fstab': expect.stringContaining('/srv/tmp'),
      '/home/debian/.ssh/authorized_keys': expect.stringContaining('ssh-ed25519'),
      '/var/lib/gandi/scripts/runcmd': expect.stringContaining('touch'),
      '/var/lib/gandi/source.json': expect.stringContaining('openstack'),
    });
    const made = await MetadataBoot.make();
    await made.boot();
    const again = await recordChanges(() => made.second());
    expect(again.changes.map(describeChange)).toEqual(['write /run/gandi/gandi-metadata.json (0600)']);
    await expectMadeUpFor(made, 'undisturbed');
  });

  it('stopped before any one change, is made up for by the next boot', async () => {
    for (const [number, change] of changes.entries()) {
      const made = await firstBooted();
      await cutPower(() => made.second(), number);
      await expectMadeUpFor(made, `stopped before change ${number}, ${describeChange(change)}`);
    }
  });

  it('with any one change refused, says so and is made up for by the next boot', async () => {
    for (const [number, change] of changes.entries()) {
      const made = await firstBooted();
      said.stderr = '';
      await withoutSpaceFor(number, () => made.second());
      const where = `refused change ${number}, ${describeChange(change)}`;
      expect(said.stderr, where).toContain('no space left on device');
      await expectMadeUpFor(made, where);
    }
  });
});
