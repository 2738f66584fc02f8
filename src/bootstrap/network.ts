import type { Change } from '../machine/change.ts';
import type { Facts } from '../machine/facts.ts';
import type { FileView } from '../machine/files.ts';
import { interfaceFor } from '../machine/network-interfaces.ts';
import { digestOf } from '../plan/applied.ts';
import type { Note, Plan, Step, StepContext } from '../plan/step.ts';
import { type NamedInterface, withOneGateway } from './network/addresses.ts';
import { NETWORK_FILE_DIRECTORIES, type Writer, writerFor } from './network/writer.ts';
import { ensureOwnFile, isOwn, ownHeader } from './own-file.ts';

const SETTING = 'CONFIG_NETWORK';

const problem = (text: string): Note => ({ level: 'problem', text });

/** An interface by its number, and its name in the guest unless it has no such interface. */
interface Numbered {
  number: number;
  name: string | undefined;
  addresses: NamedInterface['addresses'];
}

/** The interfaces that the host gives addresses. An image's interfaces cannot be known: there they are `ethN`. */
function namedInterfaces({ facts, host }: StepContext): Numbered[] {
  const all = withOneGateway(host.parsed.config.interfaces ?? []).filter(
    ({ addresses }) => addresses.length > 0,
  );
  return all.map(({ number, addresses }) => {
    const name = facts.live ? interfaceFor(number, facts.interfaces) : `eth${number}`;
    return { number, name, addresses };
  });
}

function missing(number: number, facts: Facts): Note {
  const names = facts.interfaces.map(({ name }) => name).join(', ') || 'none';
  return problem(`interface ${number} is not configured: the guest has no such interface, it has ${names}`);
}

/** Files of ours, for either manager, that nothing asks for any more. */
function removeOthers(files: FileView, kept: readonly string[]): Change[] {
  const paths = NETWORK_FILE_DIRECTORIES.flatMap((directory) =>
    files
      .list(directory)
      .filter((name) => name.startsWith('50-gandi-'))
      .map((name) => `${directory}/${name}`),
  );
  const unwanted = paths.filter((path) => !kept.includes(path) && isOwn(files.readText(path)));
  return unwanted.map((path) => ({ kind: 'remove-file', path }));
}

/** Two interfaces may need the same support files. */
function withoutRepeats(changes: readonly Change[]): Change[] {
  const texts = new Map(changes.map((change) => [JSON.stringify(change), change]));
  return [...texts.values()];
}

function planWith(writer: Writer, context: StepContext): Plan {
  const { files, facts, applied, settings } = context;
  const header = ownHeader(settings, SETTING);
  const notes: Note[] = [];
  const wanted = namedInterfaces(context).flatMap(({ number, name, addresses }) => {
    if (name !== undefined) {
      return [{ name, path: writer.pathOf(name), content: writer.render(header, { name, addresses }) }];
    }
    notes.push(missing(number, facts));
    return [];
  });
  const asked = wanted.map(({ path, content }) => [path, content]);
  const digest = digestOf({ manager: facts.networkManager, files: asked });
  const news = applied[network.name] !== digest;
  const changes: Change[] = [];
  for (const { name, path, content } of wanted) {
    const own = ensureOwnFile(files, { path, content, mode: 0o644 }, news);
    if (!news && own.length === 0) continue;
    const taken = writer.takenBy(files, facts.interfaces.find((device) => device.name === name) ?? { name });
    if (taken === undefined) {
      changes.push(...writer.support(files, header, path), ...own);
    } else {
      const where = `${taken.file} line ${taken.line}`;
      const off = `${SETTING}=0 in ${settings.path}`;
      notes.push(
        problem(`${name} is not configured: ${where} does it already; remove it there, or set ${off}`),
      );
    }
  }
  const kept = [...wanted.map(({ path }) => path), ...writer.supportFiles];
  if (news) changes.push(...removeOthers(files, kept));
  return { changes: withoutRepeats(changes), notes, digest };
}

function plan(context: StepContext): Plan {
  const { facts, host, settings } = context;
  if (host.parsed.config.interfaces === undefined) return { changes: [] };
  const writer = writerFor(facts);
  if (writer !== undefined) return planWith(writer, context);
  const manager = facts.networkManager ?? 'no network manager that is known';
  const text =
    `network not configured: guest uses ${manager}, files are written for ifupdown and systemd-networkd only; ` +
    `enable one of them, or set ${SETTING}=0 in ${settings.path}`;
  return { changes: [], notes: [problem(text)] };
}

/** Static addresses, routes and router advertisements, in files that the guest's own network manager reads. */
export const network: Step = {
  name: 'network',
  setting: SETTING,
  summary: 'network interfaces, in files for ifupdown or systemd-networkd',
  plan,
};
