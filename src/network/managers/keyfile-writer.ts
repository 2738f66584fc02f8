import { posix } from 'node:path';
import type { RunCommand } from '../../machine/changes/change.ts';
import { isOwn } from '../../plan/own-file.ts';
import { profileName, renderKeyfile, routeRefusals } from './keyfile.ts';
import { linkFiles } from './link-file.ts';
import { KEYFILE_DIRECTORY, profileOf } from './profiles.ts';
import { askForAddress, liveCommand, NOTHING, type Writer } from './writer.ts';

const RUNTIME_PROFILES = '/run/NetworkManager/system-connections';

/** How long `nmcli` waits for one profile to be up, in seconds. */
const UP_SECONDS = 30;

/**
 * What nmcli says while NetworkManager is on D-Bus by its name and not yet by its objects, which on a busy machine takes
 * seconds (seen in guests), or not on it at all.
 */
const STILL_STARTING = { says: 'Object does not exist at path|NetworkManager is not running', seconds: 30 };

/** Has NetworkManager read its profiles, once it answers. */
export const RELOAD_PROFILES: RunCommand = {
  ...liveCommand(['nmcli', 'connection', 'reload'], 30, 'let NetworkManager read its profiles'),
  whenReady: STILL_STARTING,
};

/** NetworkManager(8), with profiles of its own kind. */
export const networkManager: Writer = {
  filesOf: (header, wanted, place) => [
    {
      path: `${place === 'lasting' ? KEYFILE_DIRECTORY : RUNTIME_PROFILES}/50-gandi-${wanted.name}.nmconnection`,
      content: renderKeyfile(header, wanted),
      mode: 0o600,
    },
    ...linkFiles(header, wanted),
  ],
  refusals: routeRefusals,
  thisBoot: {
    start: (name) => ({
      before: [],
      after: [
        RELOAD_PROFILES,
        askForAddress(['nmcli', '--wait', '60', 'connection', 'up', profileName(name)]),
      ],
    }),
    stop: () => ({ before: [], after: [RELOAD_PROFILES] }),
  },
  takenBy: (files, device) => profileOf(files, device, isOwn),
  support: () => [],
  supportFiles: [],
  directory: KEYFILE_DIRECTORY,
  ownName: /^50-gandi-.*\.nmconnection$/,
  interfaceIn: (path) => posix.basename(path).slice('50-gandi-'.length, -'.nmconnection'.length),
  units: ['NetworkManager.service'],
  activate({ started, changed, configured }) {
    if (started.length === 0) return NOTHING;
    // Whose profile is gone goes down with the reload; what is up with an unchanged one stays so.
    // Nothing changed and yet there is news: an earlier run was cut off before its files took effect.
    const names = changed.length > 0 ? changed : configured;
    const ups = names.map((name) =>
      liveCommand(
        ['nmcli', '--wait', String(UP_SECONDS), 'connection', 'up', profileName(name)],
        UP_SECONDS + 10,
        `use the new profile of ${name}`,
      ),
    );
    return { before: [], after: [RELOAD_PROFILES, ...ups] };
  },
};
