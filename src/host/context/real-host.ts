import { availableParallelism } from 'node:os';
import { Files } from '../../machine/files/files.ts';
import { standardOutput } from '../../machine/runtime/output.ts';
import { sleep } from '../../machine/runtime/sleep.ts';
import type { HostCommands } from '../commands/commands.ts';
import type { HostSystem } from './host-system.ts';

/** Runs commands by execa, which is loaded by the first one: help and wrong usages need none. */
function lazyCommands(): HostCommands {
  let loaded: Promise<HostCommands> | undefined;
  const load = () => {
    loaded ??= import('../commands/execa-commands.ts').then((module) => module.execaCommands(process.env));
    return loaded;
  };
  return {
    run: async (argv, options) => (await load()).run(argv, options),
    runInForeground: async (argv) => (await load()).runInForeground(argv),
    follow(argv, onLine) {
      let end = false;
      const following = load().then((commands) => {
        const followed = commands.follow(argv, onLine);
        if (end) followed.end();
        return followed;
      });
      return {
        ended: following.then((followed) => followed.ended),
        end() {
          end = true;
          void following.then((followed) => followed.end());
        },
      };
    },
  };
}

/** This host. */
export function realHost(): HostSystem {
  return {
    commands: lazyCommands(),
    files: new Files(),
    environment: process.env,
    output: standardOutput,
    now: () => new Date(),
    elapsed: () => performance.now(),
    sleep,
    cpus: availableParallelism(),
    pid: process.pid,
    uid: process.getuid?.() ?? 0,
  };
}
