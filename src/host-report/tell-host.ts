import type { Commands } from '../machine/commands/commands.ts';
import type { Files } from '../machine/files/files.ts';
import type { ReportChannelName } from '../machine/settings/setting-kinds.ts';
import type { Settings } from '../machine/settings/settings.ts';
import type { ReportChannel } from './channels/channel.ts';
import { guestConsole } from './channels/console.ts';
import { virtioPort } from './channels/virtio-port.ts';
import { xenstore } from './channels/xenstore.ts';
import { channelsFor } from './places.ts';
import { type HostReport, reportLine } from './report-line.ts';
import { withoutSecrets } from './secrets.ts';

/** How long each channel has; SmartOS's host, which answers, has its own time. */
const CHANNEL_MILLISECONDS = 2000;

const LOADERS: Readonly<Record<ReportChannelName, () => Promise<ReportChannel>>> = {
  virtio: async () => virtioPort,
  xenstore: async () => xenstore,
  console: async () => guestConsole,
  // It brings the whole protocol.
  smartos: async () => (await import('./channels/smartos.ts')).smartosMetadata,
};

/** What a report is sent with. */
export interface Sender {
  files: Files;
  commands: Commands;
  settings: Pick<Settings, 'reportChannels'>;
  /** What must not be in a report. */
  secrets?: readonly string[];
}

/**
 * Tells the host of a stage, by every channel that is there, one after the other: none keeps another from being told. It never
 * throws, for no boot depends on it.
 * @returns one line for each channel that did not take it
 */
export async function tellHost(
  report: HostReport,
  { files, commands, settings, secrets = [] }: Sender,
): Promise<string[]> {
  const { error, detail = error, ...rest } = report;
  const masked = (text: string | undefined) =>
    text === undefined ? undefined : withoutSecrets(text, secrets);
  const safe: HostReport = { ...rest, error: masked(error), detail: masked(detail) };
  const line = reportLine(safe);
  const failures: string[] = [];
  for (const name of channelsFor(files.aside(), settings, report.stage)) {
    const channel = await LOADERS[name]();
    const why = await channel.tell(safe, line, {
      files,
      commands,
      until: performance.now() + CHANNEL_MILLISECONDS,
    });
    if (why !== undefined) failures.push(`the host is not told by ${channel.place}: ${why}`);
  }
  return failures;
}
