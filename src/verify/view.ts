import { askProgram } from '../machine/commands/ask-program.ts';
import type { FileView } from '../machine/files/files.ts';
import type { PresentAddress, presentAddresses } from '../machine/network/interface-addresses.ts';
import { askSshd, type SshdAnswer } from '../machine/system/ask-sshd.ts';

/** What is looked at. */
export interface View {
  files: FileView;
  /** Addresses that an interface has. */
  addressesOf: (name: string) => PresentAddress[];
  /** Where an admin's file configures an interface, such as `/etc/network/interfaces line 4`. */
  takenBy?: (name: string) => string | undefined;
  /**
   * What a program prints, such as nmcli; undefined where it does not answer. It is only called where something
   * differs.
   */
  ask?: (argv: readonly [string, ...string[]]) => string | undefined;
  /** What sshd says is in force for a login of a user; it is asked where its files leave doubt. */
  sshdSettings: (user: string) => SshdAnswer;
}

/** Asks each question once: several things of one interface may differ. */
function askOnce(): NonNullable<View['ask']> {
  const answers = new Map<string, string | undefined>();
  return (argv) => {
    const question = argv.join('\0');
    if (!answers.has(question)) {
      const { stdout, failure } = askProgram(argv);
      answers.set(question, failure === '' ? stdout : undefined);
    }
    return answers.get(question);
  };
}

/** The running system. */
export const runningSystem = (files: FileView, addressesOf: typeof presentAddresses): View => ({
  files,
  addressesOf: (name) => addressesOf(files, name),
  ask: askOnce(),
  sshdSettings: (user) => askSshd(files, user),
});
