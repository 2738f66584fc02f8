import type { FileView } from '../../machine/files/files.ts';
import { reasonOf } from '../../machine/runtime/errors.ts';
import { dmiText } from '../dmi.ts';
import type { Problem } from '../guest-config.ts';
import { defineSource, type Finding, type World } from '../source.ts';
import type { SmartosAnswers } from './parse.ts';
import { type HostPlace, hostPlace } from './place.ts';

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

async function find({ files, commands, remembered, waitSeconds }: World): Promise<Finding<SmartosAnswers>> {
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
    return { state: 'present', raw: { answers, ...known }, place, origin, stamps: [] };
  } catch (error) {
    return { state: 'unreachable', origin, problems: [silenceOf(found, error)], place };
  }
}

/** The metadata host of SmartOS and Triton, over a serial line or a zone's socket. It is asked at each boot. */
export const smartos = defineSource<SmartosAnswers>({
  name: 'smartos',
  summary: 'the metadata host of SmartOS and Triton, on the second serial port or a zone’s socket',
  needs: 'serial line',
  find,
  isSeen: ({ files }) => hostPlace(files) !== undefined,
  // Nobody can name a host.
  open: async () => ({ state: 'absent' }),
  parse: async (raw) => (await import('./parse.ts')).parseSmartos(raw),
});
