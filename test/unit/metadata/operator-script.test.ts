import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firmwareOperatorScript } from '../../../src/metadata/credentials/operator-script.ts';
import { OPERATOR_BYTES_LIMIT, operatorRun } from '../../../src/metadata/operator-script.ts';
import { PROPERTY_RUNS } from '../../property-runs.ts';
import { makeFiles } from '../context.ts';

const PATH = '/run/gandi/operator/running';
const run = (text: string | Uint8Array, after?: 'continue') =>
  operatorRun(
    { content: Buffer.from(text as string), field: 'operator.sh', ...(after === undefined ? {} : { after }) },
    PATH,
  );

describe('operatorRun', () => {
  it.each([
    ['#!/bin/bash -x\nexit 0\n', ['/bin/bash', '-x', PATH]],
    ['echo\n', ['/bin/sh', PATH]],
    ['\n #!/usr/bin/perl\n', ['/usr/bin/perl', PATH]],
    [' seal\r\n', ['gandi-guest', 'seal', '--now', '--yes']],
  ])('runs %j by %j, and then the guest goes off', (text, argv) => {
    expect(run(text)).toEqual({ argv, after: 'poweroff' });
  });

  it('asks for nothing where there is no text', () => {
    expect([run(''), run(' \r\n')]).toEqual([undefined, undefined]);
  });

  it('does afterwards what the script says, else as its host is used to; what is sealed goes off', () => {
    expect(run('true\n', 'continue')).toMatchObject({ after: 'continue' });
    expect(run('seal', 'continue')).toMatchObject({ after: 'poweroff' });
    expect(run('#!/bin/sh\n# gandi-operator: after=reboot timeout=60\n', 'continue')).toEqual({
      argv: ['/bin/sh', PATH],
      after: 'reboot',
      timeoutSeconds: 60,
    });
    // Behind the beginning it is any comment.
    expect(run(`${'\n'.repeat(40)}# gandi-operator: after=now\n`)).toMatchObject({ after: 'poweroff' });
  });

  it.each([
    ['a word that means nothing', '# gandi-operator: after=now\n', /"gandi-operator:" says "after=now"/],
    ['more time than there is', '# gandi-operator: timeout=181\n', /timeout=181/],
    ['a compiled program', '\u007fELF\u0002', /compiled program/],
    ['line ends of Windows', '#!/bin/sh\r\ntrue\r\n', /CRLF/],
    ['what is no text', 'a\0b', /no text/],
    ['too much', 'a'.repeat(OPERATOR_BYTES_LIMIT + 1), /4194305 bytes/],
  ])('refuses %s', (_, text, why) => {
    expect(run(text)).toEqual({ refused: expect.stringMatching(why) });
  });

  it('never throws, and runs nothing without a program', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.uint16Array({ maxLength: 100 }).map((units) => String.fromCharCode(...units)),
        ),
        (bytes) => {
          const said = run(bytes);
          if (said !== undefined && 'argv' in said) expect(said.argv[0]).toMatch(/^\S+$/);
        },
      ),
      { numRuns: PROPERTY_RUNS },
    );
  });
});

/** An SMBIOS table of OEM strings (DSP0134, 7.12). */
const oemStrings = (...strings: string[]) =>
  `\u000b\u0005\0\u0001\u0001${strings.map((text) => `${text}\0`).join('')}\0`;

describe('firmwareOperatorScript', () => {
  const fwCfg = (name: string) => `/sys/firmware/qemu_fw_cfg/by_name/${name}/raw`;
  const oem = '/sys/firmware/dmi/entries/11-0/raw';

  it.each([
    [{ [fwCfg('opt/net.gandi/operator-script')]: 'seal\n' }, 'fw_cfg opt/net.gandi/operator-script'],
    [
      { [fwCfg('opt/io.systemd.credentials/gandi.operator-script')]: 'seal\n' },
      'fw_cfg opt/io.systemd.credentials/gandi.operator-script',
    ],
    [
      { [oem]: oemStrings('other', 'io.systemd.credential:gandi.operator-script=seal\n') },
      'SMBIOS type 11 gandi.operator-script',
    ],
    [
      { [oem]: oemStrings('io.systemd.credential.binary:gandi.operator-script=c2VhbAo=') },
      'SMBIOS type 11 gandi.operator-script',
    ],
  ])('is found in %j', (files, field) => {
    const found = firmwareOperatorScript(makeFiles(files));
    expect(found?.field).toBe(field);
    expect(Buffer.from(found?.content ?? []).toString()).toBe('seal\n');
  });

  it('is none without one', () => {
    expect(
      firmwareOperatorScript(makeFiles({ [oem]: oemStrings('io.systemd.credential:gandi.config={}') })),
    ).toBeUndefined();
    expect(firmwareOperatorScript(makeFiles({}))).toBeUndefined();
  });
});
