import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdirSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { channelsFor } from '../../../src/host-report/places.ts';
import type { HostReport } from '../../../src/host-report/report-line.ts';
import { tellHost } from '../../../src/host-report/tell-host.ts';
import { systemCommands } from '../../../src/machine/commands/commands.ts';
import { Files } from '../../../src/machine/files/files.ts';
import { parseSettings } from '../../../src/machine/settings/settings.ts';
import { type HostBehaviour, MetadataHost } from '../../metadata-host.ts';
import { temporaryRoot } from '../temporary-root.ts';

const PORT = 'dev/virtio-ports/net.gandi.report.0';
const READ = constants.O_RDONLY | constants.O_NONBLOCK;
const report: HostReport = { instance: 'i-1', stage: 'bootstrap', state: 'success' };
const LINE = '{"v":1,"instance":"i-1","stage":"bootstrap","state":"success"}\n';

describe('tellHost', () => {
  let root: string;
  beforeEach(() => {
    root = temporaryRoot().root;
  });

  const fifo = (path: string): string => {
    const place = join(root, path);
    mkdirSync(join(place, '..'), { recursive: true });
    execFileSync('mkfifo', [place]);
    return place;
  };
  const tell = (given: HostReport = report, setting = 'auto', secrets: string[] = []) =>
    tellHost(given, {
      files: new Files(root),
      commands: systemCommands,
      settings: parseSettings(`CONFIG_REPORT="${setting}"\n`, '/etc/default/gandi'),
      secrets,
    });
  const heard = (descriptor: number): string => {
    const buffer = Buffer.alloc(65_536);
    return buffer.subarray(0, readSync(descriptor, buffer)).toString();
  };

  it('has nobody to tell', async () => {
    expect(await tell()).toEqual([]);
  });

  it('gives the port one line', async () => {
    const port = openSync(fifo(PORT), READ);
    expect(await tell()).toEqual([]);
    expect(heard(port)).toBe(LINE);
    closeSync(port);
  });

  it('finds the port before udev has made its link', async () => {
    const port = openSync(fifo('dev/vport0p1'), READ);
    const known = join(root, 'sys/class/virtio-ports/vport0p1');
    mkdirSync(known, { recursive: true });
    writeFileSync(join(known, 'name'), 'net.gandi.report.0\n');
    expect(await tell()).toEqual([]);
    expect(heard(port)).toBe(LINE);
    closeSync(port);
  });

  it('does not wait where nobody listens', async () => {
    fifo(PORT);
    const began = performance.now();
    expect(await tell()).toEqual([`the host is not told by /${PORT}: nobody listens`]);
    expect(performance.now() - began).toBeLessThan(1500);
  });

  it('gives up one that listens and takes nothing, within its time', async () => {
    const place = fifo(PORT);
    const port = openSync(place, READ);
    // Full: a pipe takes 65,536 bytes.
    const full = openSync(place, constants.O_WRONLY | constants.O_NONBLOCK);
    writeFileSync(full, Buffer.alloc(65_536));
    const began = performance.now();
    expect(await tell()).toEqual([`the host is not told by /${PORT}: nobody listens`]);
    expect(performance.now() - began).toBeLessThan(2500);
    closeSync(full);
    closeSync(port);
  });

  it('tells the console of what a host has asked for, and of all else where it is named', async () => {
    const console = openSync(fifo('dev/console'), READ);
    expect(await tell()).toEqual([]);
    expect(await tell({ ...report, stage: 'ready' })).toEqual([]);
    expect(() => heard(console)).not.toThrow();
    expect(await tell({ stage: 'operator', state: 'running' })).toEqual([]);
    expect(heard(console)).toBe(
      '\r\nGANDI-REPORT {"v":1,"instance":null,"stage":"operator","state":"running"}\r\n',
    );
    expect(await tell(report, 'console')).toEqual([]);
    expect(heard(console)).toBe(`\r\nGANDI-REPORT ${LINE.trimEnd()}\r\n`);
    expect(await tell({ stage: 'operator', state: 'running' }, 'virtio xenstore')).toEqual([]);
    expect(await tell({ stage: 'operator', state: 'running' }, 'none')).toEqual([]);
    expect(heard(console)).toBe('');
    closeSync(console);
  });

  it('tells no secret that it knows', async () => {
    const port = openSync(fifo(PORT), READ);
    await tell({ stage: 'bootstrap', state: 'error', error: 'users: root: hunter2 is bad' }, 'auto', [
      'hunter2',
    ]);
    expect(heard(port)).toContain('users: root: *** is bad');
    closeSync(port);
  });

  describe('by the metadata of SmartOS', () => {
    const zone = (behaviour: HostBehaviour) => {
      const host = new MetadataHost(behaviour);
      const socket = join(root, 'native/.zonecontrol/metadata.sock');
      mkdirSync(join(socket, '..'), { recursive: true });
      mkdirSync(join(root, 'proc/sys/kernel'), { recursive: true });
      writeFileSync(join(root, 'proc/sys/kernel/version'), 'BrandZ virtual linux\n');
      const server = createServer((stream) => host.serve(stream));
      return new Promise<{ host: MetadataHost; close: () => void }>((resolve) => {
        server.listen(socket, () => resolve({ host, close: () => server.close() }));
      });
    };

    it('puts the states of an operator script where imgadm looks, and the text before the state', async () => {
      const { host, close } = await zone({ values: {} });
      const operator = { instance: 'i-1', stage: 'operator' } as const;
      expect(await tell({ ...operator, state: 'running' })).toEqual([]);
      expect(host.behaviour.values['prepare-image:state']).toBe('running');
      expect(await tell({ ...operator, state: 'error', error: 'short', detail: 'long\nlong' })).toEqual([]);
      expect(host.behaviour.values).toEqual({
        'prepare-image:state': 'error',
        'prepare-image:error': 'long\nlong',
        'gandi:state': '{"v":1,"instance":"i-1","stage":"operator","state":"error","error":"short"}',
      });
      const puts = host.seen
        .filter((line) => line.includes(' PUT '))
        .map((line) => {
          const [key = ''] = Buffer.from(line.split(' ').at(-1) ?? '', 'base64')
            .toString()
            .split(' ');
          return Buffer.from(key, 'base64').toString();
        });
      expect(puts.slice(2)).toEqual(['prepare-image:error', 'prepare-image:state', 'gandi:state']);
      close();
    });

    it('leaves a state that the script has put itself', async () => {
      const values = { 'prepare-image:state': 'success' };
      const { close } = await zone({ values });
      expect(await tell({ stage: 'operator', state: 'error', error: 'ended by SIGTERM' })).toEqual([]);
      expect(values['prepare-image:state']).toBe('success');
      expect(values).not.toHaveProperty('prepare-image:error');
      close();
    });

    it('holds no boot up for a host that is silent', async () => {
      const { close } = await zone({ values: {}, isSilent: true });
      const started = performance.now();
      expect(await tell()).toHaveLength(1);
      // One that makes an image has 45 s.
      expect((performance.now() - started) / 1000).toBeLessThan(15);
      close();
    });

    it('says of a host that speaks V1 alone that it takes nothing', async () => {
      const { close } = await zone({ values: {}, version: 1 });
      expect(await tell()).toEqual([
        'the host is not told by the metadata host of SmartOS: the host is too old to take a value',
      ]);
      close();
    });
  });

  it('knows the ways that are there', () => {
    const files = new Files(root);
    const settings = (text: string) => parseSettings(`CONFIG_REPORT="${text}"`, '/x');
    fifo(PORT);
    fifo('dev/console');
    fifo('dev/xen/xenbus');
    expect(channelsFor(files, settings('auto'), 'bootstrap')).toEqual(['virtio', 'xenstore']);
    expect(channelsFor(files, settings('auto'), 'seal')).toEqual(['virtio', 'xenstore', 'console']);
    expect(channelsFor(files, settings('console, smartos'), 'ready')).toEqual(['console']);
    expect(channelsFor(files, settings('none'), 'ready')).toEqual([]);
    expect(readFileSync('packaging/ready.sh', 'utf8')).toContain(`port=/${PORT}\n`);
  });
});
