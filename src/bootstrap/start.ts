import type { System } from '../plan/system.ts';

/** Set by packaging/steady.sh where all is as it was but what the host says, at the other end of a line. */
const UNCHANGED_VARIABLE = 'GANDI_UNCHANGED';

/** Tells packaging/steady.sh that the host says the same: the boot is an unchanged one. */
const SAID_THE_SAME = 4;

/** A boot, of which the work begins with asking the host alone where nothing else can be new. */
async function boot(system: System): Promise<number> {
  const heard =
    system.environment[UNCHANGED_VARIABLE] === undefined
      ? undefined
      : await (await import('../metadata/same-answers.ts')).hearHost(system);
  if (heard?.isSame === true) return SAID_THE_SAME;
  return (await import('./program.ts')).bootstrap(system, { root: '/' }, heard);
}

/**
 * gandi-bootstrap: loads what its arguments ask for, and no more.
 * @param args the command line's arguments
 * @param system what it runs on
 * @returns exit status
 */
export async function main(args: readonly string[], system: System): Promise<number> {
  // So it is at each boot, and for a service of the network, which need not pay for a parser.
  if (args.length === 0) return boot(system);
  if (args.length === 1 && args[0] === 'metadata')
    return (await import('./metadata-run.ts')).askMetadata({}, system);
  const [{ parseCommandLine }, { BOOTSTRAP }] = await Promise.all([
    import('./command-line.ts'),
    import('./both-runs.ts'),
  ]);
  const { options, one, metadata, operator, status } = await parseCommandLine(BOOTSTRAP, args, system.output);
  if (metadata !== undefined) return (await import('./metadata-run.ts')).askMetadata(metadata, system);
  if (operator === true) return (await import('./operator/run.ts')).runOperator(system);
  if (one !== undefined) return (await import('../network/interface/command.ts')).serveInterface(one, system);
  return options === undefined ? status : (await import('./program.ts')).bootstrap(system, options);
}
