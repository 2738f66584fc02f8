import { systemCommands } from '../machine/commands/commands.ts';
import { isClaimed } from '../machine/devices/device-claim.ts';
import { Files } from '../machine/files/files.ts';
import { isRunning, takeLock } from '../machine/files/lock.ts';
import { lineForAdmin } from '../machine/files/log.ts';
import { RUNTIME_DIRECTORY } from '../machine/files/paths.ts';
import type { ReadTrace } from '../machine/files/trace/read-trace.ts';
import { standardOutput } from '../machine/runtime/output.ts';
import type { System } from './system.ts';

async function loadDeviceUsers() {
  const [{ findHolders }, { findDeviceWriters }] = await Promise.all([
    import('../machine/devices/holders.ts'),
    import('../machine/devices/device-writers.ts'),
  ]);
  return { findHolders, findDeviceWriters };
}

/** The machine that this process runs on. */
export function realSystem(): System {
  const { env } = process;
  return {
    open(root?: string, trace?: ReadTrace) {
      const files = new Files(root, trace);
      return { files, live: files.root === '/' };
    },
    commands: systemCommands,
    environment: env,
    now: () => new Date(),
    output: standardOutput,
    say: (program, level, text) => standardOutput.printError(lineForAdmin(program, level, text, env)),
    locks: {
      take: (name, waitSeconds, onWait) => takeLock(name, waitSeconds, RUNTIME_DIRECTORY, onWait),
      isTaken: isRunning,
    },
    loadFacts: () => import('../machine/facts/observed-facts.ts'),
    loadAddresses: () => import('../machine/network/interface-addresses.ts'),
    isClaimed,
    loadDeviceUsers,
  };
}
