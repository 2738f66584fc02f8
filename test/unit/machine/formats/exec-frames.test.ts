import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AnsweredFrames,
  encodeFrames,
  FILLING,
  FRAME_BYTES,
  FRAME_KINDS,
  FrameDecoder,
  type FrameKind,
  parseEnd,
  parseRequest,
} from '../../../../src/machine/formats/exec-frames.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';

const kinds = Object.keys(FRAME_KINDS) as FrameKind[];
const anyFrames = fc.array(fc.tuple(fc.constantFrom(...kinds), fc.uint8Array({ maxLength: 40_000 })), {
  maxLength: 5,
});

/** The bytes in pieces that end at these places. */
function split(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

const places = fc.array(fc.nat(), { maxLength: 8 });
const PING = '0123456789abcdef0123456789abcdef';

describe('frames of the port for commands', () => {
  it('come out as they went in, however the stream is split', () => {
    fc.assert(
      fc.property(anyFrames, places, (frames, where) => {
        const stream = Buffer.concat(frames.map(([kind, content]) => encodeFrames(kind, content)));
        const decoder = new FrameDecoder();
        const decoded = split(stream, where).flatMap((piece) => decoder.push(piece));
        for (const { content } of decoded) expect(content.length).toBeLessThanOrEqual(FRAME_BYTES);
        const joined = (kind: FrameKind) =>
          Buffer.concat(decoded.filter((frame) => frame.kind === kind).map(({ content }) => content));
        for (const kind of kinds) {
          const sent = frames.filter(([of]) => of === kind).map(([, content]) => content);
          expect(joined(kind).equals(Buffer.concat(sent))).toBe(true);
        }
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });

  it('survive any bytes, and are found again behind a frame that was cut off', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), fc.uint8Array({ maxLength: 500 }), (noise, content) => {
        const decoder = new FrameDecoder();
        decoder.push(noise);
        const frames = decoder.push(Buffer.concat([FILLING, encodeFrames('ping', content)]));
        expect(frames.at(-1)?.kind).toBe('ping');
        expect(Buffer.from(frames.at(-1)?.content ?? []).equals(Buffer.from(content))).toBe(true);
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });

  it('of an earlier connection are passed over until the hello with this connection’s number', () => {
    const old = encodeFrames('stdout', Buffer.from(`hello ${PING}`));
    const stream = Buffer.concat([
      old.subarray(3),
      encodeFrames('hello', Buffer.from(PING.replace('0', 'f'))),
      encodeFrames('stdout', Buffer.from('old')),
      encodeFrames('hello', Buffer.from(PING)),
      encodeFrames('stdout', Buffer.from('new')),
    ]);
    for (let at = 0; at <= stream.length; at++) {
      const frames = new AnsweredFrames(PING);
      const all = [...frames.push(stream.subarray(0, at)), ...frames.push(stream.subarray(at))];
      expect(all.map(({ content }) => Buffer.from(content).toString())).toEqual(['new']);
      expect(frames.isAnswered).toBe(true);
    }
  });

  it('have contents that are checked, whatever stands in them', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          parseRequest(bytes);
          parseEnd(bytes);
        },
      ),
      { numRuns: PROPERTY_RUNS },
    );
    const parse = (value: unknown) => parseRequest(Buffer.from(JSON.stringify(value)));
    expect(parse({ argv: ['id', '-u'], user: 'jim', environment: { A: 'b' } })).toEqual({
      argv: ['id', '-u'],
      user: 'jim',
      environment: { A: 'b' },
    });
    for (const wrong of [{}, { argv: [] }, { argv: [''] }, { argv: ['a\0b'] }, { argv: ['a', 1] }])
      expect(parse(wrong)).toBeUndefined();
    expect(parse({ argv: ['a'], environment: { 'A=B': 'c' } })).toBeUndefined();
    expect(parse({ argv: ['a'], user: '' })).toBeUndefined();
    const end = (value: unknown) => parseEnd(Buffer.from(JSON.stringify(value)));
    expect(end({ status: 7 })).toEqual({ status: 7 });
    expect(end({ signal: 'SIGKILL' })).toEqual({ signal: 'SIGKILL' });
    expect(end({ error: 'why' })).toEqual({ error: 'why' });
    for (const wrong of [{ status: 256 }, { status: -1 }, { signal: '9' }, {}])
      expect(end(wrong)).toBeUndefined();
  });
});
