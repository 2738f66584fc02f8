import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Line } from '../../../../src/machine/devices/lines/line.ts';
import { MetadataClient } from '../../../../src/metadata/smartos/client.ts';
import { type HostBehaviour, MetadataHost } from '../../../metadata-host.ts';

/** A line to a host in the same process. `noise` comes all the time. */
function lineTo(behaviour: HostBehaviour, noise?: string): Line & { host: MetadataHost } {
  const host = new MetadataHost(behaviour);
  const coming = new PassThrough();
  return {
    host,
    write: async (bytes) => {
      coming.write(Buffer.from(host.take(Buffer.from(bytes).toString('latin1')), 'latin1'));
      return true;
    },
    read: async (until) => {
      const ready = (coming.read() as Buffer | null) ?? undefined;
      if (ready !== undefined) return ready;
      const pause = noise === undefined ? until - performance.now() : 5;
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, pause)));
      return noise === undefined ? undefined : Buffer.from(noise);
    },
    close: () => undefined,
  };
}

const PATIENCE = { seconds: 1, answerSeconds: { 1: 0.1, 2: 0.1 } };
const key = { word: 'GET', key: 'key' } as const;
const value = { state: 'success', value: Buffer.from('value') };

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const before = performance.now();
  await work();
  return (performance.now() - before) / 1000;
}

describe('a talk with the metadata host', () => {
  it.each([1, 2] as const)(
    'asks one key after the other in V%d, in no more time than it takes',
    async (version) => {
      const line = lineTo({ values: { key: 'value' }, version });
      const took = await seconds(async () => {
        const client = await MetadataClient.open(line, PATIENCE);
        expect(client?.version).toBe(version);
        expect(await client?.ask(key)).toEqual(value);
        expect(await client?.ask({ word: 'GET', key: 'none' })).toEqual({ state: 'not-found' });
      });
      // A tenth of a second in which nothing comes is what it begins with.
      expect(took).toBeLessThan(0.5);
    },
  );

  it('gives a silent host up when the time is over', async () => {
    const took = await seconds(async () => {
      expect(await MetadataClient.open(lineTo({ values: {}, isSilent: true }), PATIENCE)).toBeUndefined();
    });
    expect(took).toBeGreaterThan(0.9);
    expect(took).toBeLessThan(1.5);
  });

  it('gives a host up that never stops to make noise', async () => {
    const line = lineTo({ values: {}, isSilent: true }, 'noise\n');
    expect(await seconds(() => MetadataClient.open(line, PATIENCE))).toBeLessThan(1.5);
  });

  it('asks once more where an answer is lost, and is silent where it is lost again', async () => {
    const line = lineTo({ values: { key: 'value' } });
    const client = await MetadataClient.open(line, PATIENCE);
    line.host.behaviour.unanswered = 1;
    expect(await client?.ask(key)).toEqual(value);
    line.host.behaviour = { values: {}, isSilent: true };
    expect(await client?.ask(key)).toEqual({ state: 'silent' });
  });

  it('does not count the time that an answer takes on the line', async () => {
    const long = 'x'.repeat(20_000);
    let sent = '';
    let at = 0;
    const host = new MetadataHost({ values: { key: long } });
    const line: Line = {
      write: async (bytes) => {
        sent += host.take(Buffer.from(bytes).toString('latin1'));
        return true;
      },
      // At 115,200 baud.
      read: async (until) => {
        const most = Math.max(0, until - performance.now());
        await new Promise((resolve) => setTimeout(resolve, Math.min(10, most)));
        const bytes = sent.slice(at, at + 115);
        at += bytes.length;
        return bytes === '' ? undefined : Buffer.from(bytes, 'latin1');
      },
      close: () => undefined,
    };
    const client = await MetadataClient.open(line, PATIENCE);
    expect(await client?.ask(key)).toEqual({ state: 'success', value: Buffer.from(long) });
  });

  it('passes on that the line is broken', async () => {
    const line = { ...lineTo({ values: {} }), read: () => Promise.reject(new Error('hung up')) };
    await expect(MetadataClient.open(line, PATIENCE)).rejects.toThrow('hung up');
  });
});
