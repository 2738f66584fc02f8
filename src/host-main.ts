import { PROGRAM } from './host/context/program-name.ts';
import { realHost } from './host/context/real-host.ts';
import { describeFailure } from './machine/runtime/errors.ts';
import { standardOutput } from './machine/runtime/output.ts';
import { EXIT } from './terminal/exit-status.ts';
import { VERSION } from './terminal/version.ts';

/** Runs gandi-host. What goes wrong is told in one line. */
async function runHost(args: readonly string[]): Promise<number> {
  if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
    standardOutput.print(`${PROGRAM} ${VERSION}\n`);
    return EXIT.ok;
  }
  try {
    const { main } = await import('./host/program.ts');
    return await main(args, realHost());
  } catch (error) {
    standardOutput.printError(`${PROGRAM}: ${describeFailure(error, true)}\n`);
    return EXIT.failed;
  }
}

// Whatever the caller's is: files that others are to read must come out so, and none be for all to write.
process.umask(0o022);

// Not top-level await: the bundle is CommonJS, which starts fastest.
void runHost(process.argv.slice(2)).then((status) => {
  process.exitCode = status;
});
