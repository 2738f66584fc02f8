import type { FileView } from '../machine/files/files.ts';
import { LATE_DIRECTORY, POST_BOOT_LOG } from '../machine/files/paths.ts';
import type { PackagesConfig } from '../metadata/guest-config.ts';
import type { Plan, PlanPart, StepContext } from '../plan/step.ts';
import { digestOf } from '../state/applied.ts';
import { readOrder } from './order.ts';

type Action = 'update' | 'upgrade' | 'install';

/** A package manager: what it is known by, and the words for each action. */
interface Manager {
  program: string;
  /** What is between a name and its version; `=` where absent. */
  beforeVersion?: '-';
  actions: Readonly<Record<Action, readonly string[]>>;
  environment?: Readonly<Record<string, string>>;
}

/** apt waits for another that has its lock, and keeps what an admin changed (apt.conf(5), dpkg(1)). */
const APT = [
  ...['-y', '-o', 'DPkg::Lock::Timeout=300'],
  ...['-o', 'Dpkg::Options::=--force-confdef', '-o', 'Dpkg::Options::=--force-confold'],
];

const MANAGERS: readonly Manager[] = [
  {
    program: 'apt-get',
    actions: {
      update: ['update'],
      upgrade: [...APT, 'dist-upgrade'],
      install: [...APT, 'install', '--'],
    },
    // Nobody is there to be asked, and services are restarted without asking (needrestart(1)).
    environment: { DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_MODE: 'a' },
  },
  {
    program: 'dnf',
    beforeVersion: '-',
    actions: { update: ['-y', 'makecache'], upgrade: ['-y', 'upgrade'], install: ['-y', 'install', '--'] },
  },
  {
    program: 'yum',
    beforeVersion: '-',
    actions: { update: ['-y', 'makecache'], upgrade: ['-y', 'upgrade'], install: ['-y', 'install', '--'] },
  },
  {
    program: 'zypper',
    actions: {
      update: ['--non-interactive', 'refresh'],
      upgrade: ['--non-interactive', 'update'],
      install: ['--non-interactive', 'install', '--'],
    },
  },
];

/** Names, with a version, architecture or group as managers have them; none that would be an option. */
const NAME = /^[A-Za-z0-9@][\w.+:~^=/@*-]*$/;

/** Enough of the digest to tell units of two orders apart. */
const DIGEST_CHARACTERS = 8;

const WHAT: Readonly<Record<Action, string>> = {
  update: 'fetching the lists of packages',
  upgrade: 'upgrading packages',
  install: 'installing packages',
};

const actionMark = (action: Action, digest: string) => ({
  path: `${LATE_DIRECTORY}/packages-${action}`,
  content: `${digest}\n`,
});

/** What is still to be done, each with the digest that its mark will have. Without fresh lists nothing else would be found. */
export function dueActions(
  files: Pick<FileView, 'readText'>,
  { update, upgrade, names }: PackagesConfig,
): { action: Action; digest: string }[] {
  const all: { action: Action; digest: string }[] = [
    ...(upgrade === true
      ? [{ action: 'upgrade' as const, digest: digestOf({ update, upgrade, names }) }]
      : []),
    ...(names.length > 0 ? [{ action: 'install' as const, digest: digestOf(names) }] : []),
  ];
  const due = all.filter(({ action, digest }) => {
    const { path, content } = actionMark(action, digest);
    return files.readText(path) !== content;
  });
  const listsFor = { action: 'update' as const, digest: digestOf({ update, upgrade, names }) };
  const { path, content } = actionMark('update', listsFor.digest);
  const isUpdated = files.readText(path) === content;
  return (due.length > 0 || update === true) && !isUpdated ? [listsFor, ...due] : due;
}

/**
 * Plans what the package manager is to do, each action under a deadline and once for what is asked: one that has come to its
 * end is not tried again, whatever came of it; one that a shutdown ended is.
 */
export function planPackages(context: StepContext): Plan {
  const { files, settings } = context;
  const asked = readOrder(files)?.late?.packages;
  if (asked === undefined) return { changes: [] };
  const problem = (text: string): Plan => ({ changes: [], notes: [{ level: 'problem', text }] });
  const wrong = asked.names.find((name) => !NAME.test(name));
  if (wrong !== undefined)
    return problem(`${JSON.stringify(wrong)} is no name of a package: none is installed`);
  const manager = MANAGERS.find(({ program }) => files.status(`/usr/bin/${program}`) !== undefined);
  if (manager === undefined)
    return problem('packages are asked for, and there is no apt-get, dnf, yum or zypper to install them');
  const separate = dueActions(files, asked).map(({ action, digest }): PlanPart => {
    const names = asked.names.map((name) => name.replace('=', manager.beforeVersion ?? '='));
    const words = [...manager.actions[action], ...(action === 'install' ? names : [])];
    return {
      name: `packages: ${action}`,
      changes: [
        {
          kind: 'run-supervised',
          argv: [manager.program, ...words],
          scope: `gandi-postboot-${action}-${digest.slice(0, DIGEST_CHARACTERS)}`,
          timeoutSeconds: settings.postBootSeconds,
          ...(manager.environment === undefined ? {} : { environment: manager.environment }),
          logFile: POST_BOOT_LOG,
          mark: { ...actionMark(action, digest), onEnd: true },
          notInShutdown: true,
          what: WHAT[action],
        },
      ],
    };
  });
  return { changes: [], separate };
}
