import { basename } from 'node:path';
import { writeWithoutWaiting } from '../../machine/devices/write-without-waiting.ts';
import type { FileView } from '../../machine/files/files.ts';
import { REPORT_PORT, REPORT_PORT_NAME } from '../places.ts';
import type { ReportChannel } from './channel.ts';

/** What the kernel knows of the ports (virtio_console.c). */
const PORTS = '/sys/class/virtio-ports';

/** The port's device: early in a boot udev may have made no link to it yet. */
function devicePath(files: Pick<FileView, 'status' | 'list' | 'readText'>): string | undefined {
  if (files.status(REPORT_PORT) !== undefined) return REPORT_PORT;
  const port = files
    .list(PORTS)
    .find((name) => files.readText(`${PORTS}/${name}/name`)?.trim() === REPORT_PORT_NAME);
  return port === undefined ? undefined : `/dev/${basename(port)}`;
}

/** A port of virtio-serial, as QEMU and libvirt give one: one program has it at a time, and somebody listens or nobody. */
export const virtioPort: ReportChannel = {
  name: 'virtio',
  place: REPORT_PORT,
  tell: async (_, line, { files, until }) => {
    const path = devicePath(files);
    return path === undefined ? 'there is no such port' : writeWithoutWaiting(files.place(path), line, until);
  },
};
