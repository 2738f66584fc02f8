import type { Commands } from '../../machine/commands/commands.ts';
import type { Files } from '../../machine/files/files.ts';
import type { ReportChannelName } from '../../machine/settings/setting-kinds.ts';
import type { HostReport } from '../report-line.ts';

/** What channels work with. */
export interface Reach {
  files: Files;
  commands: Commands;
  /** A moment of performance.now(): nothing is waited for beyond it, save an answer of SmartOS's host. */
  until: number;
}

/** One way to tell the host. */
export interface ReportChannel {
  name: ReportChannelName;
  /** For people: `/dev/virtio-ports/net.gandi.report.0`. */
  place: string;
  /**
   * Tells the host. It waits for nobody who does not listen.
   * @param line the report as docs/report.md has it, with its newline
   * @returns why it could not be told, for people; undefined if it was
   */
  tell(report: HostReport, line: string, reach: Reach): Promise<string | undefined>;
}
