import type { FileView } from '../../machine/files/files.ts';
import type { Environment } from '../../machine/runtime/environment.ts';
import type { Output } from '../../machine/runtime/output.ts';
import type { HostCommands } from '../commands/commands.ts';

/** What gandi-host runs on. It is made once, in src/host-main.ts; tests give a simulated one. */
export interface HostSystem {
  commands: HostCommands;
  files: FileView;
  environment: Environment;
  output: Output;
  /** The host's clock, for people. */
  now(): Date;
  /** Milliseconds that only count up, for time limits. */
  elapsed(): number;
  sleep(milliseconds: number): Promise<void>;
  cpus: number;
  /** Of this process: it tells who is making something. */
  pid: number;
  /** Of the user. */
  uid: number;
}
