import type { Change } from '../../machine/changes/change.ts';
import type { FileView } from '../../machine/files/files.ts';
import { SERVED_DIRECTORY } from '../../machine/files/paths.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import type { Facts } from '../../machine/system/facts.ts';
import type { HostConfiguration } from '../../metadata/guest-config.ts';
import { planHook } from '../../plan/hooks.ts';
import { askedInterfaces } from '../asked-interfaces.ts';
import { meantInterfaces } from '../meant-interfaces.ts';

/** The admin's program that is told of an interface once it is configured. */
export const ATTACH_HOOK = 'post-iface-attach';

const pathOf = (name: string) => `${SERVED_DIRECTORY}/${name}`;

/** Whether nothing is left to do for an interface in this boot. */
export const isServed = (files: FileView, name: string) => files.status(pathOf(name)) !== undefined;

/** Notes down that an interface is served. */
export function markServed(files: FileView, name: string): Change[] {
  if (isServed(files, name)) return [];
  const directory: Change[] =
    files.status(SERVED_DIRECTORY) === undefined
      ? [{ kind: 'make-directory', path: SERVED_DIRECTORY, mode: 0o755 }]
      : [];
  const mark = {
    kind: 'write-file',
    path: pathOf(name),
    content: '',
    mode: 0o644,
    thisBootOnly: true,
  } as const;
  return [...directory, mark];
}

/** Takes that back, for the next interface of that name. */
export function unmarkServed(files: FileView, name: string): Change[] {
  return isServed(files, name) ? [{ kind: 'remove-file', path: pathOf(name) }] : [];
}

/**
 * Notes down which interfaces a boot has served, so that no process starts for them when systemd learns of them: those
 * that the host names, or all where there is nothing to do for others, because the host says nothing or the network
 * is not ours. With a hook none is, for it runs when the interface is up.
 */
export function markServedAtBoot(
  files: FileView,
  facts: Facts,
  host: HostConfiguration,
  settings: Settings,
): Change[] {
  if (planHook(ATTACH_HOOK, [], { files, settings }).changes.length > 0) return [];
  const { config } = host.parsed;
  const all = host.state === 'none' || !settings.switches.CONFIG_NETWORK;
  const asked = askedInterfaces(config, facts);
  const served = all ? facts.interfaces : meantInterfaces(asked, facts, undefined).found;
  // What we make is no device that comes.
  const devices = served.filter(({ name }) => facts.interfaces.some((each) => each.name === name));
  const changes = devices.flatMap(({ name }) => markServed(files, name));
  return changes.filter(({ kind }, index) => kind !== 'make-directory' || index === 0);
}
