import { pathMatchesGlob } from '../machine/files/glob.ts';
import { hasSshd, readSshdConfig } from '../machine/system/sshd-config.ts';
import { ensureOwnFile, ownHeader } from '../plan/own-file.ts';
import type { Plan, StepContext } from '../plan/step.ts';
import { digestOf } from '../state/applied.ts';
import type { Note } from '../state/note.ts';
import { namedUsers } from './named-users.ts';

/** Before those that images bring, such as 50-cloud-init.conf: sshd takes the first value that it reads. */
export const LOGIN_DROP_IN = '/etc/ssh/sshd_config.d/49-gandi-login.conf';

const KEYWORD = 'PasswordAuthentication';
const STEP = 'login';

/** Without a password a key is the way in; one that the source gives to nobody may be none. */
function keepsOut(context: StepContext): boolean {
  const { users = [] } = context.host.parsed.config;
  return !namedUsers(users, context).named.some(({ sshKeys }) => sshKeys.length > 0);
}

const problem = (text: string): Plan => ({ changes: [], notes: [{ level: 'problem', text }] });

/** What sshd makes of the drop-in once it is there. */
function whoElse({ files }: StepContext, wanted: string): Note[] {
  const first = readSshdConfig(files).values.get(KEYWORD.toLowerCase());
  if (first?.value.toLowerCase() === wanted) return [];
  const where = first === undefined ? 'nothing that sshd reads' : `${first.file} line ${first.line}`;
  const text = `${KEYWORD} is to be ${wanted}, and ${where} says otherwise, which sshd reads first; change it there`;
  return [{ level: 'problem', text }];
}

/**
 * Plans whether a password logs in by SSH, in a drop-in of ours. It is not turned off where the source gives nobody a key.
 * The one line that is written cannot be wrong; what sshd makes of it is looked at behind that.
 */
export function planLogin(context: StepContext): Plan {
  const { files, facts, settings, applied } = context;
  const { passwordBySsh } = context.host.parsed.config.login ?? {};
  if (passwordBySsh === undefined || !hasSshd(files)) return { changes: [] };
  const digest = digestOf(passwordBySsh);
  if (applied[STEP] === digest) return { changes: [], digest };
  const wanted = passwordBySsh ? 'yes' : 'no';
  if (!passwordBySsh && keepsOut(context))
    return problem(
      `${KEYWORD} stays as it is: without it nobody could log in by SSH, for the source gives no user a key; add one`,
    );
  if (!readSshdConfig(files).includes.some((pattern) => pathMatchesGlob(pattern, LOGIN_DROP_IN)))
    return problem(`sshd reads no ${LOGIN_DROP_IN} here: set ${KEYWORD} ${wanted} in /etc/ssh/sshd_config`);
  const content = `${ownHeader(settings, 'CONFIG_USERS')}${KEYWORD} ${wanted}\n`;
  const changes = ensureOwnFile(files, { path: LOGIN_DROP_IN, content, mode: 0o600 }, true);
  if (changes.length === 0) return { changes, notes: whoElse(context, wanted), digest };
  const later: Note = { level: 'info', text: 'sshd goes by it from its next start on' };
  return {
    changes,
    ...(facts.booting ? {} : { notes: [later] }),
    next: `then look whether sshd goes by ${LOGIN_DROP_IN}`,
    digest,
  };
}
