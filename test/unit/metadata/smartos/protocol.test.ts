import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Answer,
  MetadataProtocol,
  type Request,
  type Turn,
} from '../../../../src/metadata/smartos/protocol.ts';
import { frame, type HostBehaviour, MetadataHost } from '../../../metadata-host.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';

const ID = '0000002a';
const TIMES = { 1: 6000, 2: 45_000 };
const protocolWithId = () => new MetadataProtocol(() => ID, TIMES);

const textOf = (turn: Turn) =>
  turn.state === 'waiting' && turn.send !== undefined ? Buffer.from(turn.send).toString('latin1') : undefined;
const bytesOf = (text: string) => Buffer.from(text, 'latin1');

/** Brings a protocol and a host together until there is nothing more to wait for; the host's answers come in pieces. */
function talk(
  protocol: MetadataProtocol,
  host: MetadataHost,
  first: Turn,
  pieces: readonly number[] = [],
): { turn: Turn; silences: number } {
  let turn = first;
  let coming = Buffer.alloc(0);
  let silences = 0;
  for (let round = 0; turn.state === 'waiting' && silences < 20; round++) {
    const sent = textOf(turn);
    if (sent !== undefined) coming = Buffer.concat([coming, bytesOf(host.take(sent))]);
    if (coming.length === 0) {
      silences += 1;
      turn = protocol.silence();
      continue;
    }
    const length = pieces.length === 0 ? coming.length : (pieces[round % pieces.length] ?? 1);
    turn = protocol.received(coming.subarray(0, length));
    coming = coming.subarray(length);
  }
  return { turn, silences };
}

function ask(behaviour: HostBehaviour, request: Request, pieces?: readonly number[]) {
  const host = new MetadataHost(behaviour);
  const protocol = protocolWithId();
  const opened = talk(protocol, host, protocol.open(), pieces);
  if (opened.turn.state !== 'ready') return { host, protocol, opened: opened.turn };
  const { turn, silences } = talk(protocol, host, protocol.ask(request), pieces);
  return {
    host,
    protocol,
    opened: opened.turn,
    silences,
    answer: turn.state === 'answered' ? turn.answer : undefined,
  };
}

const success = (value: string): Answer => ({ state: 'success', value: Buffer.from(value) });
const get = (key: string): Request => ({ word: 'GET', key });

/** A protocol that has negotiated V2 and asked for `sdc:uuid`. */
function asking(): MetadataProtocol {
  const protocol = protocolWithId();
  protocol.open();
  protocol.silence();
  protocol.received(bytesOf('invalid command\n'));
  expect(protocol.received(bytesOf('V2_OK\n'))).toEqual({ state: 'ready' });
  protocol.ask(get('sdc:uuid'));
  return protocol;
}

describe('the metadata protocol', () => {
  it('is quiet, wakes the host, negotiates and asks, byte for byte', () => {
    const protocol = protocolWithId();
    expect(protocol.open()).toEqual({ state: 'waiting', waitMilliseconds: 100 });
    expect(protocol.received(bytesOf('invalid command\n'))).toEqual({
      state: 'waiting',
      waitMilliseconds: 100,
    });
    expect(textOf(protocol.silence())).toBe('\n');
    expect(textOf(protocol.received(bytesOf('invalid command\n')))).toBe('NEGOTIATE V2\n');
    expect(protocol.received(bytesOf('V2_OK\n'))).toEqual({ state: 'ready' });
    expect(textOf(protocol.ask(get('sdc:uuid')))).toBe('V2 25 63adbf80 0000002a GET c2RjOnV1aWQ=\n');
    const answer = 'V2 65 77a79618 0000002a SUCCESS YzFmMGQyYWEtM2E4ZS00YzExLTlmMjctNWIxZDhmMGY4YTAx\n';
    expect(protocol.received(bytesOf(answer))).toEqual({
      state: 'answered',
      answer: success('c1f0d2aa-3a8e-4c11-9f27-5b1d8f0f8a01'),
    });
  });

  it.each([
    ['0000002c', { word: 'KEYS' }, 'V2 13 244357ed 0000002c KEYS'],
    [
      '0000002d',
      { word: 'PUT', key: 'guest:state', value: Buffer.from('ok') },
      'V2 41 3571f950 0000002d PUT WjNWbGMzUTZjM1JoZEdVPSBiMnM9',
    ],
    ['0000002e', { word: 'DELETE', key: 'guest:state' }, 'V2 32 e2b4d753 0000002e DELETE Z3Vlc3Q6c3RhdGU='],
  ] as [string, Request, string][])('sends the frame of %s', (id, request, line) => {
    const protocol = new MetadataProtocol(() => id, TIMES);
    protocol.open();
    protocol.silence();
    protocol.received(bytesOf('invalid command\n'));
    protocol.received(bytesOf('V2_OK\n'));
    expect(textOf(protocol.ask(request))).toBe(`${line}\n`);
  });

  it.each([1, 2] as const)('tells the answers of V%d apart', (version) => {
    const values = { 'a:b': '.x\n..\nä\n', empty: '', object: { failure: 'boom' } };
    const answers = ['a:b', 'empty', 'none'].map((key) => ask({ values, version }, get(key)).answer);
    expect(answers).toEqual([success('.x\n..\nä\n'), success(''), { state: 'not-found' }]);
    expect(ask({ values, version }, get('object')).answer).toEqual({
      state: 'failure',
      message: version === 2 ? 'boom' : 'FAILURE',
    });
    const { answer, protocol } = ask({ values, version }, { word: 'KEYS' });
    expect(answer).toEqual(success('a:b\nempty\nobject'));
    expect(protocol.version).toBe(version);
  });

  it('puts and deletes', () => {
    const values = { 'guest:state': 'no' };
    const put = { word: 'PUT', key: 'guest:state', value: Buffer.from('ok') } as const;
    expect(ask({ values }, put).answer).toEqual(success('OK'));
    expect(values['guest:state']).toBe('ok');
    expect(ask({ values }, { ...put, key: 'sdc:uuid' }).answer).toEqual({
      state: 'failure',
      message: 'no access',
    });
    expect(ask({ values }, { word: 'DELETE', key: 'guest:state' }).answer).toEqual(success('OK'));
    expect(values).toEqual({});
  });

  it.each([1, 2] as const)('asks once more where V%d does not answer, and no third time', (version) => {
    const values = { key: 'value' };
    const once = ask({ values, version, unanswered: 1 }, get('key'));
    expect(once.answer).toEqual(success('value'));
    const never = ask({ values, version, unanswered: 9 }, get('key'));
    expect(never.answer).toEqual({ state: 'silent' });
    expect(never.host.seen.filter((line) => /^(?:GET|V2)/.test(line))).toHaveLength(2);
  });

  it('believes a right answer behind noise and wrong ones', () => {
    expect(ask({ values: { key: 'value' }, isGarbling: true }, get('key')).answer).toEqual(success('value'));
  });

  it('wakes a silent host again and again, without an end of its own', () => {
    const { opened, host } = ask({ values: {}, isSilent: true }, get('key'));
    expect(opened.state).toBe('waiting');
    expect(new Set(host.seen)).toEqual(new Set(['']));
    expect(host.seen.length).toBeGreaterThan(10);
  });

  it('takes no late answer to an empty line for one to the negotiation', () => {
    const protocol = protocolWithId();
    protocol.open();
    protocol.silence();
    expect(textOf(protocol.silence())).toBe('\n');
    const first = protocol.received(bytesOf('invalid command\n'));
    expect(first).toEqual({ state: 'waiting', waitMilliseconds: 100 });
    protocol.received(bytesOf('invalid command\n'));
    expect(textOf(protocol.silence())).toBe('NEGOTIATE V2\n');
    expect(protocol.received(bytesOf('V2_OK\n'))).toEqual({ state: 'ready' });
    expect(protocol.version).toBe(2);
  });

  it('gives a host in trouble a pause before it is woken again', () => {
    const protocol = protocolWithId();
    protocol.open();
    protocol.silence();
    expect(protocol.received(bytesOf('FAILURE\n'))).toEqual({ state: 'waiting', waitMilliseconds: 500 });
    expect(textOf(protocol.silence())).toBe('\n');
  });

  it('begins anew where the host was started anew and knows nothing of V2', () => {
    expect(asking().received(bytesOf('invalid command\n'))).toEqual({
      state: 'waiting',
      waitMilliseconds: 100,
    });
  });

  it('waits on while an answer is coming, and not for noise', () => {
    const protocol = asking();
    expect(protocol.received(bytesOf('V2 99'))).toEqual({ state: 'waiting', waitMilliseconds: 45_000 });
    expect(protocol.believedBytes).toBe(5);
    const noise = asking();
    expect(noise.received(bytesOf('xyz'))).toEqual({ state: 'waiting' });
    expect(noise.received(bytesOf('\nV1 9 \n'))).toEqual({ state: 'waiting' });
    expect(noise.believedBytes).toBe(0);
  });

  it.each([
    ['a sum in capitals', frame(`${ID} SUCCESS YQ==`).replace(/ [0-9a-f]{8} /, (sum) => sum.toUpperCase())],
    ['another length', frame(`${ID} SUCCESS YQ==`, { length: 1 })],
    ['another sum', frame(`${ID} SUCCESS YQ==`, { sum: 1 })],
    ['another request', frame('0000002b SUCCESS YQ==')],
    ['a word that is none', frame(`${ID} PERHAPS YQ==`)],
    ['a payload that is none', frame(`${ID} SUCCESS ***`)],
    ['a carriage return', frame(`${ID} SUCCESS YQ==`).replace('\n', '\r\n')],
  ])('drops an answer with %s, and reads on', (_, line) => {
    const protocol = asking();
    expect(protocol.received(bytesOf(line)).state).toBe('waiting');
    expect(protocol.received(bytesOf(frame(`${ID} SUCCESS YQ==`)))).toEqual({
      state: 'answered',
      answer: success('a'),
    });
  });

  it('drops a line that does not end, and what it was in', () => {
    const protocol = asking();
    const piece = Buffer.alloc(1024 * 1024, 0x41);
    for (let count = 0; count < 10; count++) protocol.received(piece);
    expect(protocol.received(bytesOf(`\n${frame(`${ID} NOTFOUND`)}`))).toEqual({
      state: 'answered',
      answer: { state: 'not-found' },
    });
  });
});

describe('the metadata protocol, whatever comes', () => {
  const pieces = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });
  const value = fc.string({ unit: 'binary', maxLength: 200 }).filter((text) => !text.includes('\r'));

  it('says the same however the bytes are split', () => {
    fc.assert(
      fc.property(value, pieces, fc.constantFrom(1, 2), fc.boolean(), (text, split, version, isGarbling) => {
        const behaviour = {
          values: { key: text },
          version,
          isGarbling: isGarbling && version === 2,
        } as const;
        expect(ask(behaviour, get('key'), split).answer).toEqual(success(text));
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });

  it('never throws, and never makes an answer of noise', () => {
    const line = fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
      fc.constantFrom('V2 ', 'SUCCESS\n', 'V2_OK\n', 'FAILURE\n', '\n', frame('ffffffff SUCCESS YQ==')),
      fc
        .tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: 1, max: 99 }))
        .map(([length, sum]) => frame(`${ID} SUCCESS YQ==`, { length, sum })),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        const protocol = asking();
        for (const text of lines) {
          const turn = protocol.received(bytesOf(text.replaceAll('invalid command', '')));
          expect(turn.state).toBe('waiting');
        }
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });

  it('survives any bytes at any stage', () => {
    const event = fc.oneof(
      fc.constant(undefined),
      fc.uint8Array({ maxLength: 30 }),
      fc.constantFrom(...['invalid command\n', 'V2_OK\n', 'FAILURE\n', 'SUCCESS\n', '.\n'].map(bytesOf)),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), (events) => {
        const protocol = protocolWithId();
        let turn = protocol.open();
        for (const bytes of events) {
          if (turn.state === 'waiting')
            turn = bytes === undefined ? protocol.silence() : protocol.received(bytes);
          else turn = protocol.ask(get('key'));
          expect(['waiting', 'ready', 'answered']).toContain(turn.state);
        }
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});
