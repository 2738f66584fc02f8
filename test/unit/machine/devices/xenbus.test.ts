import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { writeXenstore, xenstoreAnswer, xenstoreWrite } from '../../../../src/machine/devices/xenbus.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';
import { temporaryRoot } from '../../temporary-root.ts';

/** Header as xs_wire.h has it: type, request, transaction, length. */
const answer = (type: number, text: string) => {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(type, 0);
  header.writeUInt32LE(1, 4);
  header.writeUInt32LE(text.length, 12);
  return Buffer.concat([header, Buffer.from(text, 'latin1')]);
};

describe('XenStore', () => {
  it('is asked to write a value: path, zero, value without one', () => {
    expect(xenstoreWrite('data/a', 'v1').toString('latin1')).toBe(
      '\x0b\0\0\0\x01\0\0\0\0\0\0\0\x09\0\0\0data/a\0v1',
    );
  });

  it('says whether it has', () => {
    expect(xenstoreAnswer(answer(11, 'OK\0'))).toBe('done');
    expect(xenstoreAnswer(answer(16, 'EACCES\0'))).toEqual({ refused: 'XenStore says EACCES' });
    expect(xenstoreAnswer(answer(2, ''))).toEqual({ refused: 'an answer of type 2' });
    expect(xenstoreAnswer(answer(11, 'OK\0').subarray(0, 18))).toBeUndefined();
  });

  it('is never believed to say more than it can', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const said = xenstoreAnswer(bytes);
        if (bytes.length < 16) expect(said).toBeUndefined();
        else if (said === 'done') expect(bytes[0]).toBe(11);
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });

  describe('by a device', () => {
    let root: string;
    beforeEach(() => {
      root = temporaryRoot().root;
    });

    it('is written to, and its answer read', async () => {
      // A FIFO gives back what was written: a request to write looks like its answer.
      const device = join(root, 'xenbus');
      execFileSync('mkfifo', [device]);
      expect(await writeXenstore(device, 'data/a', 'v', performance.now() + 1000)).toBeUndefined();
    });

    it('is not there', async () => {
      expect(await writeXenstore(join(root, 'none'), 'a', 'v', performance.now())).toMatch(/no such file/i);
    });
  });
});
