import type { FileView } from '../../machine/files/files.ts';
import { sha256 } from '../../machine/runtime/digest.ts';
import { reasonOf } from '../../machine/runtime/errors.ts';
import { dmiText } from '../dmi.ts';
import type { Problem } from '../guest-config.ts';
import type { Finding, World } from '../source.ts';
import type { Answers } from './key-names.ts';
import type { SmartosAnswers } from './parse.ts';
import { type HostPlace, hostPlace } from './place.ts';

/** In CONFIG_SOURCES. */
export const SMARTOS = 'smartos';

/** How long a first boot waits for a host that says nothing, in seconds. */
const FIRST_SECONDS = 15;
/** The same where an earlier boot has learned what it says, or nobody boots. */
const LATER_SECONDS = 5;

function silenceOf({ name }: HostPlace, error: unknown): Problem {
  return {
    group: 'source',
    path: name,
    found: `a metadata host that does not answer: ${reasonOf(error)}`,
    expected: 'answers; what it said before counts; have the host start its metadata agent',
  };
}

/** The instance by SMBIOS, which the host sets to what `sdc:uuid` says. */
function uuidOf(files: Pick<FileView, 'readText'>, { kind }: HostPlace): { uuid?: string } {
  const uuid = kind === 'socket' ? undefined : dmiText(files, 'product_uuid')?.toLowerCase();
  return uuid === undefined || uuid === '' ? {} : { uuid };
}

/** The answers as text, the same for the same. */
const textOf = (answers: Answers) =>
  JSON.stringify(
    Object.entries(answers).map(([key, answer]) =>
      answer.state === 'success' ? [key, Buffer.from(answer.value).toString('base64')] : [key, answer],
    ),
  );

/**
 * Looks for the host, and asks it for all that it has to say.
 * @returns absent where the guest has no such host; unreachable where it does not answer
 */
export async function hear({
  files,
  commands,
  remembered,
  waitSeconds,
}: Pick<World, 'files' | 'commands' | 'remembered' | 'waitSeconds'>): Promise<Finding<SmartosAnswers>> {
  const found = hostPlace(files);
  if (found === undefined) return { state: 'absent' };
  const { kind: _, ...place } = found;
  const origin = `${place.name} (SmartOS)`;
  const known = uuidOf(files, found);
  const seconds = remembered === undefined && waitSeconds > 0 ? FIRST_SECONDS : LATER_SECONDS;
  const patience = { seconds, answerSeconds: { 1: seconds / 3, 2: seconds / 3 } };
  const { askForAll, talkToHost } = await import('./ask.ts');
  try {
    const answers = await talkToHost(found, { files, commands, patience }, (client) =>
      askForAll(client, known.uuid !== undefined),
    );
    const digest = sha256(textOf(answers) + (known.uuid ?? ''));
    return { state: 'present', raw: { answers, ...known }, place, origin, digest, stamps: [] };
  } catch (error) {
    return { state: 'unreachable', origin, problems: [silenceOf(found, error)], place };
  }
}
