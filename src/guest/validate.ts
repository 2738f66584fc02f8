import { cleanJson } from '../machine/clean-text.ts';
import { withDevice } from '../machine/device-reader.ts';
import { print } from '../machine/output.ts';
import { CONFIG_BYTES_LIMIT } from '../metadata/gandi/json-text.ts';
import { parseConfig } from '../metadata/gandi/parse.ts';
import { readSeed } from '../metadata/gandi/seed-file.ts';
import type { Problem } from '../metadata/guest-config.ts';
import { EXIT } from '../plan/exit-status.ts';
import { describeProblem } from '../plan/report.ts';

interface Validated {
  what: string;
  problems: Problem[];
}

function readConfigFile(path: string): Uint8Array {
  return withDevice(path, (source) => source.read(0, Math.min(source.size, CONFIG_BYTES_LIMIT + 1)));
}

/** An archive says by its header what it is; everything else is taken for a configuration. */
function check(path: string): Validated {
  const { result } = readSeed(path);
  switch (result.state) {
    case 'present':
      return { what: 'archive', problems: parseConfig(result.config).problems };
    case 'broken':
      return { what: 'archive', problems: result.problems };
    case 'absent':
      return { what: 'configuration', problems: parseConfig(readConfigFile(path)).problems };
  }
}

/**
 * Checks a configuration, an archive or a seed disk, and prints every problem with its path.
 * @returns exit status: 1 if there is any problem
 */
export function validate(path: string, options: { json?: boolean }): number {
  const { what, problems } = check(path);
  if (options.json === true) print(cleanJson({ what, problems }));
  else {
    const lines = problems.map((problem) => `${path}: ${describeProblem(problem)}\n`);
    print(problems.length === 0 ? `${path}: a valid ${what}\n` : lines.join(''));
  }
  return problems.length === 0 ? EXIT.ok : EXIT.failed;
}
