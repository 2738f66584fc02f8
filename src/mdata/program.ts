import { describeFailure } from '../machine/runtime/errors.ts';
import { type Input, standardInput } from '../machine/runtime/input.ts';
import { printBytes } from '../machine/runtime/output.ts';
import { talkToHost } from '../metadata/smartos/ask.ts';
import { hostPlace } from '../metadata/smartos/place.ts';
import type { Answer, Request } from '../metadata/smartos/protocol.ts';
import type { System } from '../plan/system.ts';
import { MDATA_EXIT, type MdataName } from './names.ts';

/**
 * How long a host may take. mdata-client waits as long for each answer, and asks for ever; some daemons of hosts hold an
 * answer back for good (smartos-live #990).
 */
const PATIENCE = { seconds: 100, answerSeconds: { 1: 6, 2: 45 } };

const NEWLINE = 0x0a;

/** Where words and values come from and go to, beside what the system has. */
export interface MdataStreams {
  input: Input;
  printBytes(bytes: Uint8Array): void;
}

/** What is asked of the host; undefined where the arguments do not say. */
function requestOf(name: MdataName, args: readonly string[], input: Input): Request | undefined {
  const [key, value] = args;
  if (name === 'mdata-list') return { word: 'KEYS' };
  if (key === undefined) return undefined;
  switch (name) {
    case 'mdata-get':
      return { word: 'GET', key };
    case 'mdata-delete':
      return { word: 'DELETE', key };
    case 'mdata-put':
      if (value !== undefined) return { word: 'PUT', key, value: Buffer.from(value) };
      if (input.isTerminal()) throw new Error('give the value as the second argument, or on standard input');
      return { word: 'PUT', key, value: input.read() };
  }
}

/** A value ends with a newline, and so does an empty one of mdata-get's: as mdata-client prints them. */
function withNewline(value: Uint8Array, word: Request['word']): Uint8Array {
  const isEnded = value.length === 0 ? word === 'KEYS' : value.at(-1) === NEWLINE;
  return isEnded ? value : Buffer.concat([value, Buffer.from([NEWLINE])]);
}

/** V1 has no such request. */
const isOfV2 = ({ word }: Request) => word === 'PUT' || word === 'DELETE';

async function askHost(request: Request, system: System): Promise<Answer> {
  const { files } = system.open();
  const place = hostPlace(files);
  if (place === undefined)
    throw new Error('this is no guest of SmartOS: SMBIOS does not say so, nor is it a zone');
  return await talkToHost(place, { files, commands: system.commands, patience: PATIENCE }, (client) => {
    if (isOfV2(request) && client.version === 1) throw new Error(`the host does not support ${request.word}`);
    // A key with a newline would be two requests.
    if ('key' in request && client.version === 1 && request.key.includes('\n'))
      throw new Error('the host does not support such a key');
    return client.ask(request);
  });
}

async function run(
  name: MdataName,
  args: readonly string[],
  system: System,
  streams: MdataStreams,
): Promise<number> {
  const { output } = system;
  if (args[0] === '--help' || args[0] === '-h') {
    const [{ defineMdataCommandLine }, { runCommandLine }] = await Promise.all([
      import('./command-line.ts'),
      import('../terminal/program.ts'),
    ]);
    return await runCommandLine(defineMdataCommandLine(name, output), ['--help']);
  }
  const request = requestOf(name, args, streams.input);
  if (request === undefined) {
    output.printError(`Usage: ${name} <key>${name === 'mdata-put' ? ' [value]' : ''}\n`);
    return MDATA_EXIT.usage;
  }
  const answer = await askHost(request, system);
  switch (answer.state) {
    case 'success':
      if (!isOfV2(request)) streams.printBytes(withNewline(answer.value, request.word));
      return MDATA_EXIT.ok;
    case 'not-found':
      output.printError(`No metadata${'key' in request ? ` for '${request.key}'` : ''}\n`);
      return MDATA_EXIT.notFound;
    case 'failure':
      throw new Error(`the host refuses ${request.word}: ${answer.message}`);
    case 'silent':
      throw new Error('the host does not answer; have it start its metadata agent');
  }
}

/**
 * mdata-get, mdata-put, mdata-list or mdata-delete: arguments, output and exit statuses are those of joyent/mdata-client,
 * save that a host which is silent is given up.
 */
export function mdataProgram(
  name: MdataName,
  streams: MdataStreams = { input: standardInput, printBytes },
): (args: readonly string[], system: System) => Promise<number> {
  return async (args, system) => {
    try {
      return await run(name, args, system, streams);
    } catch (error) {
      system.output.printError(`${name}: ${describeFailure(error, false)}\n`);
      return MDATA_EXIT.failed;
    }
  };
}
