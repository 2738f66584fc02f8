import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdirSync, openSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type OperatorLimits, runOperator } from '../../../../src/bootstrap/operator/run.ts';
import type { Commands } from '../../../../src/machine/commands/commands.ts';
import { OPERATOR_ORDER, OPERATOR_SCRIPT, OPERATOR_STAMP } from '../../../../src/machine/files/paths.ts';
import { captureOutput } from '../../captured-output.ts';
import { simulatedSystem } from '../../simulated-system.ts';
import { temporaryRoot } from '../../temporary-root.ts';

const said = captureOutput();

/** Runs a script in the stage; systemctl, where it is asked, ends this program as a shutdown does. */
async function stage(
  given: string | ((root: string) => string),
  order: Record<string, unknown> = {},
  {
    limits = {},
    systemctl = 0,
    endsAfter,
  }: { limits?: Partial<OperatorLimits>; systemctl?: number; endsAfter?: number } = {},
) {
  const files = temporaryRoot({
    '/etc/default/gandi': 'CONFIG_REPORT=console\n',
    '/run/gandi/operator/.keep': '',
  });
  const script = typeof given === 'string' ? given : given(files.root);
  const whole = {
    argv: ['/bin/sh', '-c', script],
    after: 'poweroff',
    instance: 'i-1',
    digest: 'd1',
    secrets: ['hunter2'],
    ...order,
  };
  writeFileSync(join(files.root, OPERATOR_SCRIPT), script);
  writeFileSync(join(files.root, OPERATOR_ORDER), JSON.stringify(whole));
  mkdirSync(join(files.root, 'dev'));
  const place = join(files.root, 'dev/console');
  execFileSync('mkfifo', [place]);
  const console = openSync(place, constants.O_RDONLY | constants.O_NONBLOCK);
  const ran: string[] = [];
  const commands: Commands = {
    run: (argv) => {
      ran.push(argv.join(' '));
      if (argv[0] === 'systemctl' && systemctl === 0 && argv.at(-1) !== 'gandi-bootstrap.service')
        process.emit('SIGTERM');
      const failure = argv[0] === 'systemctl' && systemctl !== 0 ? { failure: 'no systemd' } : {};
      return Promise.resolve({ argv, exitCode: systemctl, stdout: '', stderr: '', ...failure });
    },
  };
  const shown: Buffer[] = [];
  const system = simulatedSystem({ open: () => ({ files, live: true }), commands });
  if (endsAfter !== undefined) setTimeout(() => process.emit('SIGTERM'), endsAfter);
  const status = await runOperator(system, {
    graceSeconds: 0.5,
    shutdownSeconds: 0.2,
    show: (bytes) => shown.push(Buffer.from(bytes)),
    ...limits,
  });
  const buffer = Buffer.alloc(65_536);
  const reports = buffer
    .subarray(0, readSync(console, buffer))
    .toString()
    .split('\r\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line.replace('GANDI-REPORT ', '')));
  closeSync(console);
  return { status, files, ran, reports, shown: Buffer.concat(shown).toString() };
}

const of = (state: string, error?: unknown) => ({
  v: 1,
  instance: 'i-1',
  stage: 'operator',
  state,
  ...(error === undefined ? {} : { error }),
});

it('tells of a script that succeeds, and has the guest powered off', async () => {
  const { status, files, ran, reports, shown } = await stage('echo done; echo "$INSTANCE_ID" >&2');
  expect(status).toBe(0);
  expect(reports).toEqual([of('running'), of('success')]);
  expect(ran).toEqual(['sync', 'systemctl --no-block poweroff']);
  expect(shown).toMatch(/done/);
  expect(shown).toMatch(/i-1/);
  expect(files.readText(OPERATOR_STAMP)).toBe('i-1 d1\n');
  expect([files.status(OPERATOR_SCRIPT), files.status(OPERATOR_ORDER)]).toEqual([undefined, undefined]);
});

it('tells of one that fails how it ended and what it printed last, without what is secret', async () => {
  const { status, ran, reports } = await stage('seq 100; echo "password is hunter2"; exit 3');
  expect(status).toBe(0);
  expect(reports[1]).toEqual(
    of(
      'error',
      expect.stringMatching(
        /^the operator script ended with exit status 3\n82\n[\s\S]*100\npassword is \*\*\*$/,
      ),
    ),
  );
  expect(ran).toEqual(['sync', 'systemctl --no-block poweroff']);
});

it('stops one that hangs with its processes, whatever they ignore', async () => {
  const { status, reports } = await stage("trap '' TERM; sleep 60 & sleep 60", { timeoutSeconds: 1 });
  expect(status).toBe(0);
  expect(reports[1]).toEqual(of('error', 'the operator script did not end within 1 s and was stopped'));
});

it('keeps the end of an endless output, and shows its beginning', async () => {
  const { reports, shown } = await stage('yes | head -c 5000000; echo last; exit 1');
  expect(shown.length).toBeLessThan(300_000);
  expect(shown).toContain('the rest of the output is not shown');
  expect(reports[1].error).toMatch(/y\nlast$/);
});

it('lets one that has asked for the shutdown come to its end', async () => {
  const { status, ran, reports } = await stage(
    'sleep 0.6; exit 0',
    {},
    { endsAfter: 300, limits: { graceSeconds: 5 } },
  );
  expect(status).toBe(0);
  expect(reports[1]).toEqual(of('success'));
  expect(ran).toEqual([]);
});

it('tells of one that a shutdown cuts off', async () => {
  const { reports, ran } = await stage('sleep 30', {}, { endsAfter: 200 });
  expect(reports[1]).toEqual(
    of('error', 'the operator script was ended by SIGTERM while the guest was shut down'),
  );
  expect(ran).toEqual([]);
});

it.each([
  ['continue', ['systemctl --no-block restart gandi-bootstrap.service']],
  ['reboot', ['sync', 'systemctl --no-block reboot']],
])('ends as the order says: %s', async (after, asked) => {
  const { status, ran, files } = await stage('exit 1', { after, eachBoot: true });
  expect([status, ran]).toEqual([0, asked]);
  expect(files.status(OPERATOR_STAMP)).toBeUndefined();
});

it('leaves it to the unit to power off a guest whose systemd does not', async () => {
  expect((await stage('true', {}, { systemctl: 1 })).status).toBe(1);
  expect(said.stderr).toContain('no systemd');
});

it('tells of one that cannot be started', async () => {
  const { reports } = await stage('', { argv: ['/no/such/program'] });
  expect(reports[1]).toEqual(of('error', expect.stringMatching(/^the operator script could not be started/)));
});

it('stamps before it runs, and again where the script took the stamp away', async () => {
  const stampIn = '"$GANDI_TEST_ROOT"/var/lib/gandi/operator-stamp';
  const { files, shown } = await stage((root) => `GANDI_TEST_ROOT=${root}; cat ${stampIn}; rm ${stampIn}`);
  expect(shown).toBe('i-1 d1\n');
  expect(files.readText(OPERATOR_STAMP)).toBe('i-1 d1\n');
});

it('leaves no timer behind, which would keep the guest from going off', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const before = timers();
  await stage('sleep 60', { timeoutSeconds: 1 }, { limits: { graceSeconds: 30, shutdownSeconds: 60 } });
  expect(timers()).toBeLessThanOrEqual(before);
}, 40_000);

it('has nothing to do without an order', async () => {
  const files = temporaryRoot({});
  const system = simulatedSystem({ open: () => ({ files, live: true }) });
  expect(await runOperator(system)).toBe(3);
});
