import type { CommandEnd, CommandRequest } from '../../machine/formats/exec-frames.ts';
import { ExecClient, type OutputSink } from '../channel/exec-client.ts';
import { openPort } from '../channel/open-port.ts';
import type { HostContext } from '../context/context.ts';
import { EXEC_PORT } from './definition.ts';
import { Ending } from './ending.ts';
import { type Guest, isRunning } from './lifecycle.ts';

const STATE_LOOK_MILLISECONDS = 3000;

/** Limits of a command in a guest, and who may end it before. */
export interface Limits {
  readySeconds: number;
  /** Absent: as long as it takes. */
  commandSeconds?: number;
  /** Asked often: whether the user wants it to end, and how much. */
  interrupts: { readonly count: number; readonly first: NodeJS.Signals | undefined };
}

/** How a wait for a guest ended. */
export type Ready = { client: ExecClient } | { why: 'died' | 'late' | 'interrupted' };

/**
 * Waits until a running guest is configured and takes commands.
 * @throws Error in one line if it has no port, or the port is not ours to open
 */
export async function waitReady(context: HostContext, guest: Guest, limits: Limits): Promise<Ready> {
  const { system, virsh } = context;
  const until = system.elapsed() + limits.readySeconds * 1000;
  const line = await openPort(virsh, guest, EXEC_PORT);
  let why: 'died' | 'late' | 'interrupted' = 'late';
  let lookAt = system.elapsed() + STATE_LOOK_MILLISECONDS;
  try {
    const client = await ExecClient.connect(line, async () => {
      const now = system.elapsed();
      if (limits.interrupts.count > 0) why = 'interrupted';
      else if (now < until) {
        if (now < lookAt) return false;
        lookAt = now + STATE_LOOK_MILLISECONDS;
        if (await isRunning(context, guest)) return false;
        why = 'died';
      }
      return true;
    });
    if (client !== undefined) return { client };
  } catch (error) {
    line.close();
    if (await isRunning(context, guest)) throw error;
    return { why: 'died' };
  }
  line.close();
  return { why };
}

/** How a command ended; `interrupted` and `late` where it was given up. */
export type Ended = { end: CommandEnd } | { why: 'died' | 'late' | 'interrupted' };

/** Runs a command in a guest that is ready. */
export async function runIn(
  context: HostContext,
  client: ExecClient,
  request: CommandRequest,
  input: Uint8Array,
  sink: OutputSink,
  limits: Limits,
): Promise<Ended> {
  const { system } = context;
  const { commandSeconds, interrupts } = limits;
  const ending = new Ending(
    commandSeconds === undefined ? undefined : system.elapsed() + commandSeconds * 1000,
  );
  const wanted = () => ending.next(system.elapsed(), interrupts.count, interrupts.first);
  try {
    const end = await client.run(request, input, sink, wanted);
    if (ending.why !== undefined) return { why: ending.why };
    return end === undefined ? { why: 'interrupted' } : { end };
  } catch {
    // The guest went away with its port; what it did not say cannot be known.
    return { why: ending.why ?? 'died' };
  }
}
