import { main as bootstrap } from '../../../src/bootstrap/start.ts';
import { callProgram } from '../../../src/call-program.ts';
import { main as configure } from '../../../src/config/program.ts';
import type { Files } from '../../../src/machine/files/files.ts';
import { doneInSameStart } from '../../../src/machine/files/paths.ts';
import type { System } from '../../../src/plan/system.ts';
import { capturedOutput } from '../captured-output.ts';

/** By what the start of gandi-bootstrap does the work of gandi-config as well. */
export const ONE_START_FILES = {
  '/run/systemd/system/.keep': '',
  '/etc/systemd/system/multi-user.target.wants/gandi-config.service': '',
  '/proc/sys/kernel/osrelease': '6.12.0\n',
};

/** gandi-bootstrap by its unit, with what else its start does. */
export function startOnce(system: System): Promise<number> {
  const never = () => Promise.reject(new Error('not called here'));
  const programs = {
    'gandi-bootstrap': () => Promise.resolve({ main: bootstrap }),
    'gandi-mount': never,
    'gandi-config': () => Promise.resolve({ main: configure }),
    'gandi-postboot': never,
    'gandi-guest': never,
    'mdata-get': never,
    'mdata-put': never,
    'mdata-list': never,
    'mdata-delete': never,
  };
  const call = { name: 'gandi-bootstrap', args: [], isRoot: true };
  return callProgram(call, { programs, system: () => Promise.resolve(system) }, capturedOutput);
}

/**
 * What packaging/steady.sh does in the unit of gandi-config.
 * @param empty empties the file
 * @returns exit status; undefined where the program is to be started
 */
export function tellDone(files: Files, empty: (path: string) => void): number | undefined {
  const path = doneInSameStart('gandi-config');
  const [status = '', ...lines] = (files.readText(path) ?? '').split('\n');
  if (status === '') return undefined;
  capturedOutput.printError(lines.join('\n'));
  empty(path);
  return Number(status);
}
