import { lineForAdmin } from '../../src/machine/files/log.ts';
import { realSystem } from '../../src/plan/real-system.ts';
import type { System } from '../../src/plan/system.ts';
import { capturedOutput } from './captured-output.ts';

/**
 * What programs run on in tests: an environment without variables, and no locks. Their words are kept
 * (captured-output.ts). All else is the machine's that runs the tests, unless it is given.
 */
export function simulatedSystem(given: Partial<System> = {}): System {
  return {
    ...realSystem(),
    environment: {},
    output: capturedOutput,
    say: (program, level, text) => capturedOutput.printError(lineForAdmin(program, level, text, {})),
    locks: { take: () => Promise.resolve(() => undefined), isTaken: () => false },
    ...given,
  };
}
