import { EXIT } from '../../terminal/exit-status.ts';
import { isRemote } from '../channel/remote-host.ts';
import { findLeftovers, WORK_DIRECTORY } from '../cleanup/leftovers.ts';
import type { HostContext } from '../context/context.ts';
import { readGuests } from '../order/host-guests.ts';
import { type HostFinding, orderFindings, rivalFindings } from './findings.ts';
import { imageFindings } from './image-findings.ts';

/**
 * What is wrong, and what to do.
 * @returns exit status: 1 for a problem
 * @throws LibvirtError
 */
export async function doctor(context: HostContext): Promise<number> {
  const { system, virsh, options, printJson } = context;
  const guests = await readGuests(virsh);
  const isHere = !isRemote(virsh.uri ?? '');
  const rivals = isHere ? rivalFindings(system.files) : [];
  const leftovers = await findLeftovers(context, isHere ? WORK_DIRECTORY : undefined);
  const findings: HostFinding[] = [
    ...orderFindings(guests),
    ...rivals,
    ...(await imageFindings(context)),
    ...leftovers.map(
      ({ what }): HostFinding => ({ level: 'warning', text: what, remedy: 'gandi-host cleanup removes it' }),
    ),
  ];
  if (options.json) printJson(findings);
  else {
    for (const { level, text, remedy } of findings) system.output.print(`${level}: ${text}; ${remedy}\n`);
    if (findings.length === 0) system.output.print('nothing is wrong\n');
  }
  return findings.some(({ level }) => level === 'problem') ? EXIT.failed : EXIT.ok;
}
