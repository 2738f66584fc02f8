import { planHostKeys } from '../identity/ssh-keys.ts';
import type { Change } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import { pathMatchesGlob } from '../machine/files/glob.ts';
import type { Settings } from '../machine/settings/settings.ts';
import { defaultHostKey, hasSshd, readSshdConfig, type SshdConfig } from '../machine/system/sshd-config.ts';
import { ensureFile } from '../plan/ensure-file.ts';
import type { Plan, Step, StepContext } from '../plan/step.ts';
import type { Note } from '../state/note.ts';
import { ownHeader } from './own-file.ts';

/** Behind an admin's drop-ins, whose values then count at once. */
export const DROP_IN = '/etc/ssh/sshd_config.d/90-gandi.conf';

/** Beside the file itself, for with SELinux sshd reads what is labelled as that is, and nothing of ours below /run. */
const CANDIDATE = '/etc/ssh/sshd_config.gandi-candidate';
const CHECK_SECONDS = 30;

/**
 * With a host key named, sshd does not load the default ones for its check (sshd(8), -h): an RSA key takes it longer
 * than all the rest. Keys that the configuration names are loaded in any case.
 */
const CHECKED_KEY = defaultHostKey('ed25519');

/** Debian's sshd wants this directory, which its unit makes, also for a check of its configuration. */
const PRIVILEGE_SEPARATION = '/run/sshd';

/** What is set unless somebody else sets it: no login as root, and none at all, by a password that is guessed. */
const VALUES: readonly [keyword: string, value: string][] = [
  ['PermitRootLogin', 'prohibit-password'],
  ['PermitEmptyPasswords', 'no'],
];

const BLOCK_BEGIN = '# Begin of gandi-config';
const BLOCK_END = '# End of gandi-config';
const BLOCK = new RegExp(`^${BLOCK_BEGIN}.*\\n(?:.*\\n)*?${BLOCK_END}\\n`, 'm');

/** The main file without our lines. */
const withoutBlock = (text: string) => text.replace(BLOCK, '');

/**
 * The main file with our lines, for sshd's that read no drop-ins: behind all others, so that those count, and before
 * the first Match, for what follows one is for some connections alone.
 */
export function renderSshdConfig(text: string, lines: readonly string[]): string {
  const others = withoutBlock(text);
  if (lines.length === 0) return others;
  const whole = others === '' || others.endsWith('\n') ? others : `${others}\n`;
  const block = [`${BLOCK_BEGIN}: what nobody else sets`, ...lines, BLOCK_END, ''].join('\n');
  const match = /^[ \t]*Match\b/im.exec(whole);
  const at = match?.index ?? whole.length;
  return `${whole.slice(0, at)}${block}${whole.slice(at)}`;
}

/** Values that the admin or the distribution sets stay, whether they are stricter or not. */
function ownLines({ values }: SshdConfig): string[] {
  return VALUES.flatMap(([keyword, value]) =>
    values.has(keyword.toLowerCase()) ? [] : `${keyword} ${value}`,
  );
}

function weakNotes({ values }: SshdConfig): Note[] {
  const root = values.get('permitrootlogin');
  if (root?.value.toLowerCase() !== 'yes') return [];
  const text = `root may log in by password, as ${root.file} line ${root.line} says; it stays so`;
  return [{ level: 'info', text }];
}

/** sshd reads the whole before anything is replaced: a guest whose sshd does not start cannot be reached. */
function checked(files: FileView, whole: string, change: Change): Change[] {
  const separation: Change[] =
    files.status(PRIVILEGE_SEPARATION) === undefined
      ? [{ kind: 'make-directory', path: PRIVILEGE_SEPARATION, mode: 0o755 }]
      : [];
  const key = files.status(CHECKED_KEY) === undefined ? [] : ['-h', CHECKED_KEY];
  return [
    ...separation,
    { kind: 'write-file', path: CANDIDATE, content: whole, mode: 0o600 },
    {
      kind: 'run-command',
      argv: ['sshd', '-t', '-f', CANDIDATE, ...key],
      timeoutSeconds: CHECK_SECONDS,
      checkOnly: true,
      why: 'check the SSH server’s configuration',
    },
    change,
    { kind: 'remove-file', path: CANDIDATE },
  ];
}

interface Planned {
  changes: Change[];
  notes: Note[];
}

/**
 * Changes of a drop-in that is read before the main file. sshd is not asked whether it takes them: one that reads drop-ins
 * (OpenSSH 8.2) knows both keywords and their values (7.0), also below Match, and starting it costs a first boot 40
 * million instructions.
 */
function planDropIn({ files, settings }: StepContext, config: SshdConfig): Change[] {
  const lines = ownLines(config);
  if (lines.length === 0) {
    return files.status(DROP_IN) === undefined ? [] : [{ kind: 'remove-file', path: DROP_IN }];
  }
  const [change] = ensureFile(files, { path: DROP_IN, content: dropIn(settings, lines), mode: 0o600 });
  return change === undefined ? [] : [change];
}

/** Changes of the main file itself, where no drop-ins are read. */
function planMain({ files, facts }: StepContext, config: SshdConfig, main: string): Change[] {
  // Not the distribution's own below /usr, which belongs to its package.
  if (config.main?.startsWith('/etc/') !== true) return [];
  const content = renderSshdConfig(main, ownLines(withoutOwn(config, main)));
  const [change] = ensureFile(files, { path: config.main, content, mode: 0o644 });
  if (change === undefined) return [];
  return facts.live ? checked(files, content, change) : [change];
}

function planSettings(context: StepContext): Planned {
  const { files } = context;
  const config = readSshdConfig(files, DROP_IN);
  const main = config.main === undefined ? undefined : files.readText(config.main);
  if (main === undefined) return { changes: [], notes: [] };
  const reads = config.includes.some((pattern) => pathMatchesGlob(pattern, DROP_IN));
  const changes = reads ? planDropIn(context, config) : planMain(context, config, main);
  // A run may have been cut off before it took it away.
  if (changes.length === 0 && files.status(CANDIDATE) !== undefined)
    changes.push({ kind: 'remove-file', path: CANDIDATE });
  return { changes, notes: weakNotes(config) };
}

const dropIn = (settings: Settings, lines: readonly string[]) =>
  `${ownHeader(settings, 'CONFIG_SSHD')}# A value that you set elsewhere is left out here at the next boot; sshd takes the first that it reads.\n${lines.join('\n')}\n`;

/** Our own block in the main file says nothing about what others want. */
function withoutOwn(config: SshdConfig, main: string): SshdConfig {
  const block = BLOCK.exec(main);
  if (block === null) return config;
  const first = main.slice(0, block.index).split('\n').length;
  const last = first + block[0].split('\n').length - 1;
  const values = [...config.values].filter(
    ([, { file, line }]) => file !== config.main || line < first || line >= last,
  );
  return { ...config, values: new Map(values) };
}

function plan(context: StepContext): Plan {
  const { files } = context;
  if (!hasSshd(files)) return { changes: [] };
  const { hostKeys } = readSshdConfig(files);
  const keys = planHostKeys(files, hostKeys);
  const { changes, notes } = planSettings(context);
  return { changes: [...keys, ...changes], notes };
}

/** Host keys, and an SSH server that refuses passwords for root unless the admin wants it otherwise. */
export const ssh: Step = {
  name: '11-config_ssh',
  setting: 'CONFIG_SSHD',
  summary: 'SSH host keys that are missing; no password for root by SSH, unless it is set otherwise',
  plan,
};
