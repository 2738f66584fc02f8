import { rmSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { smbiosStrings } from '../../../../src/metadata/credentials/firmware.ts';
import { credentials } from '../../../../src/metadata/credentials/source.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';
import { nocloudVolume, seededGuest } from '../seeded-guest.ts';

const table = (...strings: string[]) =>
  `\x0b\x05\x00\x0e${String.fromCharCode(strings.length)}${strings.join('\0')}\0\0`;
const smbios = (number: number) => `/sys/firmware/dmi/entries/11-${number}/raw`;
const fwCfg = (name: string) => `/sys/firmware/qemu_fw_cfg/by_name/opt/io.systemd.credentials/${name}/raw`;
const CONFIG = '{"vm_hostname":"web1"}';
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('systemd credentials', () => {
  it.each([
    ['text of SMBIOS', { [smbios(0)]: table('a', `io.systemd.credential:gandi.config=${CONFIG}`) }],
    [
      'base64 of SMBIOS',
      { [smbios(0)]: table(`io.systemd.credential.binary:gandi.config=${base64(CONFIG)}`) },
    ],
    [
      'a second table',
      { [smbios(0)]: table(), [smbios(1)]: table(`io.systemd.credential:gandi.config=${CONFIG}`) },
    ],
    ['fw_cfg', { [fwCfg('gandi.config')]: CONFIG }],
    [
      'fw_cfg before SMBIOS, and the first of two',
      {
        [fwCfg('gandi.config')]: CONFIG,
        [smbios(0)]: table('io.systemd.credential:gandi.config={"vm_hostname":"other"}'),
      },
    ],
  ])('Gandi’s JSON: %s', async (_, entries) => {
    expect(await seededGuest(entries).boot()).toMatchObject({
      state: 'new',
      source: 'credentials',
      stamps: [],
      parsed: { config: { hostName: 'web1' }, problems: [] },
    });
  });

  it('user-data, under their own name or that of the configuration, with DHCP', async () => {
    const script = '#!/bin/sh\ntrue\n';
    for (const name of ['gandi.user-data', 'gandi.config']) {
      const { parsed, origin } = await seededGuest({ [fwCfg(name)]: script }).look();
      expect(origin).toBe('systemd credentials (fw_cfg)');
      expect(parsed.config).toMatchObject({ dhcpOnAll: true, scripts: [{ content: base64(script) }] });
    }
    const both = seededGuest({ [fwCfg('gandi.user-data')]: script, [fwCfg('gandi.config')]: CONFIG });
    const { config } = (await both.look()).parsed;
    expect(config).toMatchObject({ hostName: 'web1', scripts: [{ name: 'user-data' }] });
    expect(config.dhcpOnAll).toBeUndefined();
  });

  it('what cannot be read leaves what was there, and is not shown', async () => {
    const guest = seededGuest({ [fwCfg('gandi.config')]: CONFIG });
    await guest.boot();
    writeFileSync(guest.files.locate(fwCfg('gandi.config')), '{"vm_hostname":');
    expect(await guest.boot()).toMatchObject({
      state: 'broken',
      parsed: {
        config: { hostName: 'web1' },
        problems: [{ path: 'systemd credentials (fw_cfg): gandi.config' }],
      },
    });
    const secret = 'geheim*';
    const entries = { [smbios(0)]: table(`io.systemd.credential.binary:gandi.config=${secret}`) };
    const host = await seededGuest(entries).look();
    expect(host).toMatchObject({ state: 'broken', parsed: { config: {} } });
    expect(host.parsed.problems).toMatchObject([{ path: 'SMBIOS type 11 gandi.config', expected: 'base64' }]);
    expect(JSON.stringify(host.parsed.problems)).not.toContain('geheim');
  });

  it('what they gave stays once they are gone', async () => {
    const guest = seededGuest({ [fwCfg('gandi.config')]: CONFIG });
    await guest.boot();
    expect(await guest.boot()).toMatchObject({ state: 'kept' });
    rmSync(guest.files.locate(fwCfg('gandi.config')));
    expect(await guest.boot()).toMatchObject({
      state: 'kept',
      parsed: { config: { hostName: 'web1' }, problems: [] },
    });
  });

  it('they are asked before volumes', async () => {
    const guest = seededGuest({ [fwCfg('gandi.config')]: CONFIG });
    guest.attach('sr0', 0, nocloudVolume('nocloud'));
    expect(await guest.look()).toMatchObject({ source: 'credentials' });
  });

  it('other strings and names are none', async () => {
    const entries = {
      [smbios(0)]: table(
        'io.systemd.credential:gandi.configuration={}',
        'io.systemd.credential:other=x',
        'x io.systemd.credential:gandi.config={}',
      ),
    };
    const guest = seededGuest(entries);
    expect(await guest.look()).toMatchObject({ state: 'none' });
    expect(credentials.isSeen?.(guest)).toBe(false);
    expect(credentials.isSeen?.(seededGuest({ [fwCfg('gandi.config')]: CONFIG }))).toBe(true);
  });

  it('a guest without any is asked for three files, and none is opened', () => {
    const asked: string[] = [];
    const files = {
      status: (path: string) => {
        asked.push(path);
        return undefined;
      },
      readText: () => expect.unreachable(),
    };
    expect(credentials.isSeen?.({ files: { ...seededGuest().files, ...files } as never })).toBe(false);
    expect(asked).toEqual([fwCfg('gandi.config'), fwCfg('gandi.user-data'), smbios(0)]);
  });
});

describe('the strings of a table of SMBIOS', () => {
  const strings = (bytes: Uint8Array) => smbiosStrings(bytes).map(String);

  it.each<[string, string[]]>([
    [table('a', 'b c'), ['a', 'b c']],
    [table(), []],
    ['', []],
    ['\x0b\x05', []],
    ['\x0b\x00\x00\x00a\0\0', []],
    ['\x0b\xff\x00\x00\x01a\0\0', []],
    // Cut off.
    ['\x0b\x05\x00\x00\x01ab', ['ab']],
    // What lies behind the end is none of it.
    ['\x0b\x05\x00\x00\x01a\0\0b\0', ['a']],
  ])('%j', (text, expected) => {
    expect(strings(Buffer.from(text, 'latin1'))).toEqual(expected);
  });

  it('never throws, and none has a zero', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        for (const text of strings(bytes)) expect(text).not.toMatch(/^$|\0/);
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});
