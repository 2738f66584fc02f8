import type { Guest } from '../test/guest/guest.ts';
import type { GuestFile } from '../test/guest/image.ts';

/** Holds the disk units, so that what they use adds up over all of their runs. */
export const diskSlice = 'disks.slice';

const dropIn = `[Service]
Slice=${diskSlice}
`;

/** What puts the disk units there. */
export const diskSliceFiles: Readonly<Record<string, GuestFile>> = {
  '/etc/systemd/system/gandi-disks.service.d/slice.conf': dropIn,
};

/** Keeps the slice, and with it its counters, from the time when its last unit ends. */
export async function keepDiskSlice(guest: Guest): Promise<void> {
  await guest.output(`systemd-run --quiet --slice=${diskSlice} --unit=keep-slice sleep infinity`);
}

/** What many an admin has instead of the toolkit: each disk with a file system is mounted as it comes. */
export const systemdMountRule: Readonly<Record<string, GuestFile>> = {
  '/etc/udev/rules.d/86-mount.rules':
    'ACTION=="add", SUBSYSTEM=="block", ENV{ID_FS_USAGE}=="filesystem", ENV{SYNTH_UUID}=="", RUN+="/usr/bin/systemd-mount --no-block --collect $devnode"\n',
};
