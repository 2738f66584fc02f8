import type { Guest } from '../guest.ts';

/** A shell command in the guest whose output answers something, and the user to run it as. */
export interface Question {
  readonly user: string;
  readonly command: string;
}

/** Between two answers: a character that no command prints. */
const separator = '\u001e';

/**
 * Asks all questions of one user in one SSH login.
 *
 * @param keyFiles - the private key of each user.
 * @returns the output of each command by the question's name, newlines as blanks; what a failed command printed on
 *   standard error is its answer.
 * @throws when a login is refused.
 */
export async function answersBySsh<Name extends string>(
  guest: Guest,
  questions: Readonly<Record<Name, Question>>,
  keyFiles: Readonly<Record<string, string>>,
): Promise<Record<Name, string>> {
  const entries = Object.entries<Question>(questions);
  const answers: Record<string, string> = {};
  for (const [user, keyFile] of Object.entries(keyFiles)) {
    const own = entries.filter(([, question]) => question.user === user);
    const script = own.map(([, { command }]) => `( ${command} ) 2>&1; printf '\\036'`).join('\n');
    const { exitCode, stdout, stderr } = await guest.ssh({ user, keyFile }, script, 60);
    if (exitCode !== 0) throw new Error(`the login as ${user} failed with status ${exitCode}: ${stderr}`);
    const texts = stdout.split(separator);
    for (const [index, [name]] of own.entries())
      answers[name] = (texts[index] ?? '').trim().replace(/\s+/g, ' ');
  }
  return answers;
}
