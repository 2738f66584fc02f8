import type { FileView } from '../files/files.ts';
import type { SshdAnswer } from './ask-sshd.ts';
import { hasSshd, readSshdConfig, type SshdConfig } from './sshd-config.ts';

/** Where sshd looks for keys by default (sshd_config(5), AuthorizedKeysFile). */
const DEFAULT_KEY_FILES = ['.ssh/authorized_keys', '.ssh/authorized_keys2'];

/** What decides about a key and may stand in a Match block (sshd_config(5), Match). */
const MATCHED_KEYWORDS = ['authorizedkeysfile', 'pubkeyauthentication'];

/** What sshd's configuration has in force when an account logs in from elsewhere. */
export interface LoginRules {
  /** As they are written, with `%h` and the like. */
  keyFiles: readonly string[];
  strictModes: boolean;
  publicKeys: boolean;
  usesPam: boolean;
  /** Sshd had no answer, and this is what holds for all: which line may say something else, and why it is not known. */
  doubt?: string;
}

/**
 * The arguments of a line that sshd has printed without quotes: those of the configuration that look the same so, for
 * they may have blanks in them; else what is between blanks.
 */
function argumentsOf(printed: string, written: ReadonlyArray<readonly string[] | undefined>) {
  return written.find((values) => values?.join(' ') === printed) ?? printed.split(' ');
}

function fromAnswer(settings: ReadonlyMap<string, string>, { values, matched }: SshdConfig): LoginRules {
  const isOn = (keyword: string, fallback: string) => (settings.get(keyword) ?? fallback) !== 'no';
  const written = [values, matched].map((each) => each.get('authorizedkeysfile')?.values);
  return {
    keyFiles: argumentsOf(settings.get('authorizedkeysfile') ?? DEFAULT_KEY_FILES.join(' '), written),
    strictModes: isOn('strictmodes', 'yes'),
    publicKeys: isOn('pubkeyauthentication', 'yes'),
    usesPam: isOn('usepam', 'no'),
  };
}

/** For every connection; defaults are those of sshd_config(5). */
function fromFiles({ values }: SshdConfig): LoginRules {
  const isOn = (keyword: string, fallback: string) =>
    (values.get(keyword)?.value ?? fallback).toLowerCase() !== 'no';
  return {
    keyFiles: values.get('authorizedkeysfile')?.values ?? DEFAULT_KEY_FILES,
    strictModes: isOn('strictmodes', 'yes'),
    publicKeys: isOn('pubkeyauthentication', 'yes'),
    usesPam: isOn('usepam', 'no'),
  };
}

/**
 * What holds for a login of a user, by key above all. Sshd is asked only where the files leave doubt: where a Match block
 * says something of keys, and where they are not in the usual file.
 * @param ask starts sshd
 * @param config if it has been read already
 */
export function loginRules(
  files: FileView,
  user: string,
  ask: (user: string) => SshdAnswer,
  config = readSshdConfig(files),
): LoginRules {
  const general = fromFiles(config);
  if (!hasSshd(files)) return general;
  const match = MATCHED_KEYWORDS.map((keyword) => config.matched.get(keyword)).find((each) => each);
  // AuthorizedKeysCommand alone is no doubt: sshd reads the files as well.
  const isUsual = ['.ssh/authorized_keys', '%h/.ssh/authorized_keys'].some((path) =>
    general.keyFiles.includes(path),
  );
  if (isUsual && match === undefined) return general;
  const answer = ask(user);
  if ('settings' in answer) return fromAnswer(answer.settings, config);
  if (match === undefined) return general;
  const doubt = `sshd does not say whether ${match.file} line ${match.line} is for ${user} (${answer.failure})`;
  return { ...general, doubt };
}
