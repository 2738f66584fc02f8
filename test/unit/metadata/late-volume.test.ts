import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { damagedVolume, nocloudVolume, seededGuest } from './seeded-guest.ts';

const LABEL = { label: 'cidata' };

it('waits for a drive that is promised, beside a disk that udev has not read yet', async () => {
  const guest = seededGuest();
  const drive = guest.attach('sr0', 0, nocloudVolume('web1'), LABEL);
  await guest.boot();
  guest.detach(drive);
  // Such as the root disk, early in boot.
  guest.attach('sda', 3, new Uint8Array(4096));
  const looking = guest.look(undefined, undefined, 'kvm', 5);
  await sleep(300);
  guest.attach('sr0', 1, nocloudVolume('web2'), LABEL);
  expect(await looking).toMatchObject({ state: 'new', parsed: { config: { hostName: 'web2' } } });
});

it('tells what was beside the source at the boot that saw it, and at no other', async () => {
  const guest = seededGuest();
  const drive = guest.attach('sr0', 0, nocloudVolume('web1'), LABEL);
  await guest.boot();
  guest.detach(drive);
  const other = guest.attach('sr0', 0, nocloudVolume('web2'), LABEL);
  const stranger = guest.attach('sdf', 5, nocloudVolume('evil'), LABEL);
  expect((await guest.boot()).parsed.problems).toMatchObject([{ path: stranger }]);
  guest.detach(other);
  guest.detach(stranger);
  const host = await guest.boot();
  expect(host).toMatchObject({ state: 'kept', parsed: { config: { hostName: 'web2' }, problems: [] } });
});

it('names the device of a volume that cannot be used', async () => {
  const guest = seededGuest();
  const node = guest.attach('sr0', 0, damagedVolume(), LABEL);
  const { state, parsed } = await guest.boot();
  expect(state).toBe('broken');
  expect(parsed.problems).not.toEqual([]);
  for (const { path } of parsed.problems) expect(path.slice(0, node.length + 2)).toBe(`${node}: `);
});

it('waits for no disk of Gandi’s any more once udev has found another source’s volume', async () => {
  // udev is at work on something else for ever.
  const guest = seededGuest({ '/run/udev/queue': '' });
  guest.attach('sr0', 0, nocloudVolume('web1'));
  const started = performance.now();
  const looking = guest.look(undefined, undefined, 'kvm', 30);
  await sleep(300);
  guest.attach('sr0', 0, nocloudVolume('web1'), LABEL);
  expect(await looking).toMatchObject({ state: 'new', parsed: { config: { hostName: 'web1' } } });
  expect(performance.now() - started).toBeLessThan(15_000);
});
