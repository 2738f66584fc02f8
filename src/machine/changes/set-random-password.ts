import { CommandError } from '../runtime/errors.ts';
import type { SetRandomPassword } from './change.ts';
import type { Machine } from './machine.ts';

/** As long as cloud-init's (cc_set_passwords, rand_user_password): 20 of 57 characters are 116 bits. */
const CHARACTERS = 20;
/** None that is taken for another one on a console. */
const ALPHABET = 'abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';
const COMMAND_SECONDS = 30;

/** Each character is as likely as any other: numbers beyond the last whole multiple are drawn again. */
export function randomPassword(draw: () => number = drawByte): string {
  const most = 256 - (256 % ALPHABET.length);
  let password = '';
  while (password.length < CHARACTERS) {
    const number = draw();
    if (number < most) password += ALPHABET[number % ALPHABET.length];
  }
  return password;
}

function drawByte(): number {
  const [byte = 0] = crypto.getRandomValues(new Uint8Array(1));
  return byte;
}

/**
 * Makes up a password, sets it, and shows it on the console and nowhere else.
 * @throws Error that has nothing of it; where the console could not be written to nobody knows the password
 */
export async function setRandomPassword(
  { account }: SetRandomPassword,
  { commands }: Machine,
): Promise<void> {
  const password = randomPassword();
  const set = await commands.run(['chpasswd'], {
    input: `${account}:${password}\n`,
    timeoutSeconds: COMMAND_SECONDS,
  });
  if (set.failure !== undefined) throw new CommandError(set.failure, set.stderr);
  // dd(1) prints nothing of what it copies, and can be given up where the console is stuck.
  const shown = await commands.run(['dd', 'of=/dev/console', 'conv=notrunc', 'status=none'], {
    input: `Set the following random password for ${account}, shown here alone: ${password}\n`,
    timeoutSeconds: COMMAND_SECONDS,
  });
  if (shown.failure !== undefined)
    throw new Error(`the random password of ${account} could not be shown on the console: ${shown.failure}`);
}
