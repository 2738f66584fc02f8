import { mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MdataName } from '../../../src/mdata/names.ts';
import { mdataProgram } from '../../../src/mdata/program.ts';
import { type HostBehaviour, MetadataHost } from '../../metadata-host.ts';
import { captureOutput } from '../captured-output.ts';
import { simulatedSystem } from '../simulated-system.ts';
import { temporaryRoot } from '../temporary-root.ts';

const SOCKET = '/native/.zonecontrol/metadata.sock';
const said = captureOutput();
const servers: Server[] = [];
let printed: Buffer[] = [];
beforeEach(() => {
  printed = [];
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const VALUES = { name: 'web1', text: 'a\n', empty: '', bad: { failure: 'boom' } };

/** Calls a program in a zone. @param input what is on standard input; undefined: a terminal */
async function call(
  name: MdataName,
  args: string[],
  { input, ...behaviour }: Partial<HostBehaviour> & { input?: string } = {},
) {
  const files = temporaryRoot({ '/proc/sys/kernel/version': 'BrandZ virtual linux\n' });
  const host = new MetadataHost({ values: { ...VALUES }, ...behaviour });
  const path = join(files.root, SOCKET);
  mkdirSync(dirname(path), { recursive: true });
  const server = createServer((socket) => host.serve(socket));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const streams = {
    input: { isTerminal: () => input === undefined, read: () => Buffer.from(input ?? '') },
    printBytes: (bytes: Uint8Array) => printed.push(Buffer.from(bytes)),
  };
  const system = simulatedSystem({ open: () => ({ files, live: true }) });
  const status = await mdataProgram(name, streams)(args, system);
  return { status, values: host.behaviour.values, printed: Buffer.concat(printed).toString() };
}

describe('mdata-get', () => {
  it.each([1, 2] as const)('prints a value with a newline at its end, by V%d', async (version) => {
    for (const [key, text] of [
      ['name', 'web1\n'],
      ['text', 'a\n'],
      ['empty', '\n'],
    ] as const) {
      printed = [];
      expect(await call('mdata-get', [key], { version })).toMatchObject({ status: 0, printed: text });
    }
  });

  it('says by its exit status that there is none, that the host fails, and that it was called wrongly', async () => {
    expect((await call('mdata-get', ['none'])).status).toBe(1);
    expect(said.stderr).toContain("No metadata for 'none'\n");
    expect((await call('mdata-get', ['bad'])).status).toBe(2);
    expect(said.stderr).toContain('mdata-get: the host refuses GET: boom\n');
    expect((await call('mdata-get', [])).status).toBe(3);
    expect(said.stderr).toContain('Usage: mdata-get <key>\n');
    expect(printed).toEqual([]);
  });

  it('fails where nobody is to be asked', async () => {
    const files = temporaryRoot({});
    const system = simulatedSystem({ open: () => ({ files, live: true }) });
    expect(await mdataProgram('mdata-get')(['key'], system)).toBe(2);
    expect(said.stderr).toContain('this is no guest of SmartOS');
  });

  it('says what it is', async () => {
    expect((await call('mdata-get', ['--help'])).status).toBe(0);
    expect(said.stdout).toMatch(/Usage: mdata-get .*<key>[\s\S]*1 {2}the host has no such key/);
  });
});

describe('mdata-list', () => {
  it('prints the keys, one a line', async () => {
    expect(await call('mdata-list', [])).toMatchObject({ status: 0, printed: 'name\ntext\nempty\nbad\n' });
    printed = [];
    expect(await call('mdata-list', [], { values: {} })).toMatchObject({ status: 0, printed: '' });
  });
});

describe('mdata-put and mdata-delete', () => {
  it('set and remove a key, and print nothing', async () => {
    expect(await call('mdata-put', ['state', 'ok'])).toMatchObject({
      status: 0,
      values: { state: 'ok' },
      printed: '',
    });
    expect((await call('mdata-put', ['state'], { input: 'a\nb' })).values.state).toBe('a\nb');
    const { status, values } = await call('mdata-delete', ['name']);
    expect(status).toBe(0);
    expect(values).not.toHaveProperty('name');
  });

  it('fail where the host refuses, knows no more than V1, or there is no value', async () => {
    expect((await call('mdata-put', ['sdc:uuid', 'x'])).status).toBe(2);
    expect(said.stderr).toContain('no access');
    for (const name of ['mdata-put', 'mdata-delete'] as const)
      expect((await call(name, ['name', 'x'], { version: 1 })).status).toBe(2);
    expect(said.stderr).toContain('the host does not support DELETE');
    expect((await call('mdata-put', ['state'])).status).toBe(2);
    expect(said.stderr).toContain('on standard input');
  });
});
