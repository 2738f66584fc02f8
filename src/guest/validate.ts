import { withDevice } from '../machine/files/device-reader.ts';
import { cleanJson } from '../machine/runtime/clean-text.ts';
import { CONFIG_BYTES_LIMIT, parseJsonText } from '../metadata/fields/json-text.ts';
import { type KeyWarning, keyWarnings } from '../metadata/gandi/key-warnings.ts';
import { parseConfig } from '../metadata/gandi/parse.ts';
import { readSeed } from '../metadata/gandi/seed-file.ts';
import type { Problem } from '../metadata/guest-config.ts';
import type { System } from '../plan/system.ts';
import { describeProblem } from '../state/report.ts';
import { EXIT } from '../terminal/exit-status.ts';

interface Validated {
  what: string;
  problems: Problem[];
  warnings: KeyWarning[];
}

function readConfigFile(path: string): Uint8Array {
  return withDevice(path, (source) => source.read(0, Math.min(source.size, CONFIG_BYTES_LIMIT + 1)));
}

function checkConfig(what: string, bytes: Uint8Array): Validated {
  const warnings = 'fault' in parseJsonText(bytes) ? [] : keyWarnings(Buffer.from(bytes).toString());
  return { what, problems: parseConfig(bytes).problems, warnings };
}

/** An archive says by its header what it is; everything else is taken for a configuration. */
function check(path: string): Validated {
  const { result } = readSeed(path);
  switch (result.state) {
    case 'present':
      return checkConfig('archive', result.config);
    case 'broken':
      return { what: 'archive', problems: result.problems, warnings: [] };
    case 'absent':
      return checkConfig('configuration', readConfigFile(path));
  }
}

/**
 * Checks a configuration, an archive or a seed disk, and prints every problem with its path, and as a warning each key
 * that is not known or there twice.
 * @returns exit status: 1 if there is any problem
 */
export function validate(path: string, options: { json?: boolean }, { output }: System): number {
  const { what, problems, warnings } = check(path);
  if (options.json === true) output.print(cleanJson({ what, problems, warnings }));
  else {
    const lines = [
      ...warnings.map((warning) => `warning: ${warning.path}: ${warning.text}`),
      ...problems.map(describeProblem),
      ...(problems.length === 0 ? [`a valid ${what}`] : []),
    ];
    output.print(lines.map((line) => `${path}: ${line}\n`).join(''));
  }
  return problems.length === 0 ? EXIT.ok : EXIT.failed;
}
