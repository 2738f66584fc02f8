import { describe, expect, it } from 'vitest';
import { main } from '../../../../src/bootstrap/start.ts';
import type { Commands } from '../../../../src/machine/commands/commands.ts';
import { OPERATOR_SCRIPT, OPERATOR_STAMP, OPERATOR_TAKEN } from '../../../../src/machine/files/paths.ts';
import { sha256 } from '../../../../src/machine/runtime/digest.ts';
import { captureOutput } from '../../captured-output.ts';
import { makeContext } from '../../context.ts';
import { simulatedSystem } from '../../simulated-system.ts';
import { temporaryRoot } from '../../temporary-root.ts';

const said = captureOutput();
const SCRIPT = '#!/bin/sh\nexit 0\n';

/** A booting guest whose firmware brings an operator script. */
function bootingGuest({
  script = SCRIPT,
  cmdline = 'quiet',
  booting = true,
  isUp = false,
  systemctl = 0,
  files: more = {},
} = {}) {
  const files = temporaryRoot({
    '/etc/hostname': 'old\n',
    '/etc/hosts': '127.0.0.1\tlocalhost\n',
    '/etc/passwd': 'root:x:0:0:root:/root:/bin/bash\n',
    '/etc/group': 'root:x:0:\n',
    '/proc/cmdline': `${cmdline}\n`,
    '/proc/swaps': 'headings\n',
    '/proc/self/mountinfo': '1 0 8:0 / / rw - ext4 /dev/root rw\n',
    '/proc/sys/kernel/random/boot_id': 'one\n',
    '/run/gandi/interfaces/.keep': '',
    '/sys/class/dmi/id/product_uuid': 'ABC\n',
    '/sys/firmware/qemu_fw_cfg/by_name/opt/net.gandi/operator-script/raw': script,
    ...more,
  });
  const ran: string[] = [];
  const commands: Commands = {
    run: (argv) => {
      const line = argv.join(' ');
      ran.push(line);
      const isQuestion = line.startsWith('systemctl is-active');
      const exitCode = isQuestion ? (isUp ? 0 : 3) : line.startsWith('systemctl') ? systemctl : 0;
      const failure = exitCode === 0 ? {} : { failure: `${line}: exit status ${exitCode}` };
      return Promise.resolve({ argv, exitCode, stdout: '', stderr: '', ...failure });
    },
  };
  const observeFacts = () => makeContext({ facts: { interfaces: [] } }).facts;
  const system = simulatedSystem({
    open: () => ({ files, live: true }),
    commands,
    environment: booting ? { GANDI_BOOT: '1' } : {},
    loadFacts: () => Promise.resolve({ observeFacts }),
  });
  return { files, system, ran, report: () => files.status('/run/gandi/gandi-bootstrap.json') };
}

const START = 'systemctl --no-block start gandi-operator.service';

describe('an operator script of the host', () => {
  it('is put where the unit finds it, and nothing else is applied', async () => {
    const { files, system, ran, report } = bootingGuest();
    expect(await main([], system)).toBe(0);
    expect(files.readText(OPERATOR_SCRIPT)).toBe(SCRIPT);
    expect(files.status(OPERATOR_SCRIPT)?.mode).toBe(0o700);
    expect(JSON.parse(files.readText('/run/gandi/operator/order.json') ?? '')).toEqual({
      argv: ['/bin/sh', '/run/gandi/operator/running'],
      after: 'poweroff',
      instance: 'abc',
      digest: sha256(Buffer.from(SCRIPT)),
      secrets: [],
    });
    expect(ran.filter((line) => line.startsWith('systemctl'))).toEqual([
      'systemctl is-active --quiet sysinit.target',
      START,
    ]);
    expect(report()).toBeUndefined();
    expect(files.status('/var/lib/gandi')).toBeUndefined();
  });

  it.each([
    ['was run for this instance', { files: { [OPERATOR_STAMP]: `abc ${sha256(Buffer.from(SCRIPT))}\n` } }],
    ['was taken in this boot', { files: { [OPERATOR_TAKEN]: '' } }],
    ['is skipped at the boot prompt', { cmdline: 'quiet gandi.operator=0' }],
    ['is found when services run', { isUp: true }],
    ['is found by an admin’s run', { booting: false }],
    [
      'is not the host’s to give by CONFIG_SOURCES',
      { files: { '/etc/default/gandi': 'CONFIG_SOURCES=nocloud\n' } },
    ],
    ['has no text', { script: '\n' }],
  ])('is not run where it %s: the guest is configured as at any boot', async (_, given) => {
    const { files, system, ran, report } = bootingGuest(given);
    await main([], system);
    expect(ran).not.toContain(START);
    expect(files.status(OPERATOR_SCRIPT)).toBeUndefined();
    expect(report()).toBeDefined();
  });

  it.each([
    ['was run for another instance', { files: { [OPERATOR_STAMP]: `abd ${sha256(Buffer.from(SCRIPT))}\n` } }],
    ['was run with other content', { files: { [OPERATOR_STAMP]: 'abc 00\n' } }],
    ['stands beside a longer word', { cmdline: 'gandi.operator=01 xgandi.operator=0' }],
  ])('is run where it %s', async (_, given) => {
    const { system, ran } = bootingGuest(given);
    await main([], system);
    expect(ran).toContain(START);
  });

  it('is told where it cannot be run, and the boot goes on', async () => {
    const { system, report } = bootingGuest({ script: '\u007fELF' });
    await main([], system);
    expect(said.stderr).toContain(
      'fw_cfg opt/net.gandi/operator-script is not run: it is a compiled program',
    );
    expect(report()).toBeDefined();
  });

  it('is taken back where its unit does not start', async () => {
    const { files, system, report } = bootingGuest({ systemctl: 1 });
    await main([], system);
    expect(said.stderr).toContain('gandi-operator.service does not start');
    expect(files.status(OPERATOR_SCRIPT)).toBeUndefined();
    expect(report()).toBeDefined();
  });
});
