import type { FileView } from '../machine/files/files.ts';
import type { ReportChannelName } from '../machine/settings/setting-kinds.ts';
import type { Settings } from '../machine/settings/settings.ts';
import { hostPlace } from '../metadata/smartos/place.ts';
import type { Stage } from './report-line.ts';

/** The name that a host gives the port. */
export const REPORT_PORT_NAME = 'net.gandi.report.0';
/** Where udev links it; packaging/ready.sh has the same path. */
export const REPORT_PORT = `/dev/virtio-ports/${REPORT_PORT_NAME}`;
const VIRTIO_PORTS = '/sys/class/virtio-ports';
/** How programs talk to XenStore (linux, drivers/xen/xenbus/xenbus_dev_frontend.c). */
export const XENBUS = '/dev/xen/xenbus';
export const CONSOLE = '/dev/console';

type View = Pick<FileView, 'status' | 'readText' | 'list'>;

/** Whether a way to the host is there, by a look that costs next to nothing. */
const IS_THERE: Readonly<Record<ReportChannelName, (files: View) => boolean>> = {
  virtio: (files) =>
    files.status(REPORT_PORT) !== undefined ||
    files
      .list(VIRTIO_PORTS)
      .some((name) => files.readText(`${VIRTIO_PORTS}/${name}/name`)?.trim() === REPORT_PORT_NAME),
  smartos: (files) => hostPlace(files) !== undefined,
  xenstore: (files) => files.status(XENBUS) !== undefined,
  console: (files) => files.status(CONSOLE) !== undefined,
};

/**
 * On a console people read. A boot says nothing there that nobody asked for; but what an operator script or a seal comes to was
 * asked for by the host, and the guest is off afterwards: nobody could look it up.
 */
const ON_CONSOLE: readonly Stage[] = ['operator', 'seal'];

const ALL = ['virtio', 'smartos', 'xenstore', 'console'] as const;

/**
 * The ways by which the host is told of a stage: those of CONFIG_REPORT that are there.
 * @param files a view that is not traced: what is there changes behind our back, and is no news to a boot
 */
export function channelsFor(
  files: View,
  { reportChannels }: Pick<Settings, 'reportChannels'>,
  stage: Stage,
): ReportChannelName[] {
  const isWanted = (name: ReportChannelName) =>
    reportChannels === 'auto'
      ? name !== 'console' || ON_CONSOLE.includes(stage)
      : reportChannels.includes(name);
  return ALL.filter((name) => isWanted(name) && IS_THERE[name](files));
}
