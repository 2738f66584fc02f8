import type { Change } from '../../machine/changes/change.ts';
import type { NetworkManagerName } from '../../machine/system/facts.ts';
import { isOwn } from '../../plan/own-file.ts';
import type { StepContext } from '../../plan/step.ts';
import { DHCP_WRITERS } from './dhcp.ts';

/** First line of the file of an interface that has gone: a run that was cut off is taken up again. */
const FORGOTTEN = '# Written by gandi-bootstrap: the interface has gone.\n';

/** The file that has an interface use DHCP, apart from its content. */
export const dhcpFile = (manager: NetworkManagerName, name: string) =>
  DHCP_WRITERS[manager].fileOf('', { name, metric: 0, useServers: true });

/** Whether a text is that of a file of ours which has an interface use DHCP. */
export const asksForDhcp = (manager: NetworkManagerName, text: string | undefined) =>
  isOwn(text) && DHCP_WRITERS[manager].asks.test(text ?? '');

/**
 * Takes a DHCP file of ours away, with what it led to: the interface has gone, or is to have addresses. Some managers
 * would read it rather than the file with these.
 */
export function stopDhcp(manager: NetworkManagerName, { files, facts }: StepContext, name: string): Change[] {
  const { stop, forgetting } = DHCP_WRITERS[manager];
  const { path, mode } = dhcpFile(manager, name);
  const text = files.readText(path);
  if (!asksForDhcp(manager, text) && text?.startsWith(FORGOTTEN) !== true) return [];
  const { before, after } = stop(name, path);
  const isGone = facts.interfaces.every((each) => each.name !== name);
  const forget: Change[] =
    isGone && forgetting !== undefined
      ? [{ kind: 'write-file', path, content: `${FORGOTTEN}${forgetting(name)}`, mode }]
      : [];
  return [...forget, ...before, { kind: 'remove-file', path }, ...after];
}
