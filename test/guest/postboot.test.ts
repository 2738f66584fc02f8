import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hostConfig, publicNetwork, seedDisk, toolkitImage } from './toolkit.ts';
import { useGuest } from './use-guest.ts';

const minutes = 60_000;

/** What a script of the tests begins with: a trace of each run that outlives the guest's end. */
const COUNT = '#!/bin/bash\necho "$0 $# $1 $2" >> /root/runs; sync\n';

const AUTOFS = '/etc/systemd/system/autofs.service';

interface StepOf {
  name: string;
  status: string;
  output?: string;
  notes: { level: string; text: string }[];
}

describe('the script and the command of the host', () => {
  const { guest } = useGuest('postboot', {
    // It wants the network as well. An empty unit file masks the unit (systemd.unit(5)).
    image: () => toolkitImage({ files: { [AUTOFS]: '' } }),
    machine: async (folder) => {
      const config = {
        vm_hostname: 'web1',
        vm_conf: { script_args: '--role "web server"', run: 'echo "command $HOME" >> /root/runs' },
      };
      const script = `${COUNT}systemctl is-active network-online.target > /root/network\necho working; echo complaint >&2\nsetsid sleep 7001 &\nexit 0\n`;
      return { disks: [{ disk: await seedDisk(folder, 'seed.img', { config, script }) }] };
    },
    minutes: 20,
  });

  /** Steps of the last run by name, as status tells them. */
  async function steps(): Promise<Record<string, StepOf>> {
    const { stdout } = await guest.run('gandi-guest status --json');
    const { programs } = JSON.parse(stdout) as { programs: { program: string; steps?: StepOf[] }[] };
    const found = programs.find(({ program }) => program === 'gandi-postboot');
    return Object.fromEntries((found?.steps ?? []).map((step) => [step.name, step]));
  }

  /** A new configuration, as if the host had given it and gandi-bootstrap had stored it. */
  async function give(vmConf: object, script: string): Promise<void> {
    const config = JSON.stringify({ vm_hostname: 'web1', vm_conf: vmConf });
    await guest.output('cat > /gandi/config', { input: config });
    await guest.output('cat > /gandi/script; chmod 700 /gandi/script', { input: script });
  }

  async function setTimeLimit(seconds: number): Promise<void> {
    await guest.output(
      `sed -i 's/^CONFIG_POSTBOOT_TIMEOUT=.*/CONFIG_POSTBOOT_TIMEOUT=${seconds}/' /etc/default/gandi`,
    );
  }

  async function runNow(): Promise<number> {
    await guest.output('gandi-bootstrap --only post-boot');
    return (await guest.run('systemctl restart gandi-postboot.service')).exitCode;
  }

  /** State of the path unit: `running` once it has started the target (systemd.path(5)). */
  const networkAskedFor = () => guest.output('systemctl show -P SubState gandi-network-online.path');

  it('runs the script with its arguments, then the command', async () => {
    expect(await guest.output('cat /root/runs')).toBe('/gandi/script 2 --role web server\ncommand /root');
    expect(await guest.output('systemctl is-active gandi-postboot.service')).toBe('active');
    expect(await steps()).toMatchObject({
      script: { status: 'changed', output: 'working\ncomplaint' },
      run: { status: 'changed' },
    });
    expect((await guest.run('gandi-guest status')).stdout).toContain('  | working\n  | complaint\n');
  });

  it('waits for the network first', async () => {
    expect(await guest.output('cat /root/network')).toBe('active');
    expect(await networkAskedFor()).toBe('running');
  });

  it('logs what it prints for root alone', async () => {
    expect(await guest.output('stat -c %a /var/log/gandi-postboot.log')).toBe('600');
    expect(await guest.output('cat /var/log/gandi-postboot.log')).toMatch(
      /^--- \S+ \/gandi\/script\nworking\ncomplaint\n--- \S+ exit status 0\n/,
    );
  });

  it('lets what a script left running live on', async () => {
    await guest.output('pgrep -f "sleep 7001"');
  });

  it('is not run again for the same configuration', async () => {
    expect(await runNow()).toBe(0);
    expect((await guest.run('gandi-postboot')).exitCode).toBe(3);
    expect(await guest.output('wc -l < /root/runs')).toBe('2');
  });

  it('is run once by two runs at the same time', async () => {
    await give({}, `${COUNT}sleep 2\n`);
    await guest.output('gandi-bootstrap --only post-boot; : > /root/runs');
    // The second waits for the first, and finds nothing left; or it comes too late to find anything at all.
    await guest.run('for each in 1 2; do gandi-postboot & done; wait');
    expect(await guest.output('wc -l < /root/runs')).toBe('1');
  });

  it('shows the text of the command to no other user while it runs', async () => {
    const secret = 'pass-4711';
    await give(
      { run: `key=${secret}; test -n "$key"; echo "$0 $#" > /root/zero; sleep 7002; exit 0` },
      COUNT,
    );
    await guest.output('gandi-bootstrap --only post-boot');
    await guest.output('systemctl restart --no-block gandi-postboot.service');
    await guest.waitFor('pgrep -fx "sleep 7002"', 60);
    const lines = await guest.output("cat /proc/[0-9]*/cmdline | tr '\\0' ' '");
    expect(lines).toContain('sleep 7002');
    expect(lines).not.toContain(secret);
    // Status 3: one of the units has nothing to do.
    const { stdout: units } = await guest.run(
      "systemctl show 'gandi-postboot*'; systemctl status --no-pager 'gandi-postboot*'",
    );
    expect(units).toContain('gandi-postboot-command-');
    expect(units).not.toContain(secret);
    await guest.output('pkill -fx "sleep 7002"');
    await guest.waitFor('systemctl is-active gandi-postboot.service', 60);
    expect(await guest.output('cat /root/zero')).toBe('/bin/sh 0');
  });

  it('is not run by another shell than it asks for, whatever it begins with', async () => {
    const asked = `#!/bin/bash\nfalse | true\n[ "\${PIPESTATUS[0]}" = 1 ] && echo bash >> /root/shells\n`;
    await give({}, `\n\n${asked}`);
    expect(await runNow()).toBe(0);
    expect(await guest.output('cat /root/shells')).toBe('bash');
    for (const script of [`\ufeff${asked}`, asked.replaceAll('\n', '\r\n')]) {
      await give({}, script);
      const { exitCode, stderr } = await guest.run('gandi-bootstrap --only post-boot');
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/\/gandi\/script is not run: .*(byte order mark|CRLF)/);
      expect((await guest.run('gandi-postboot')).exitCode).toBe(3);
      expect(await guest.output('cat /root/shells')).toBe('bash');
    }
  });

  it('records a failure with its last words, and runs the command all the same', async () => {
    await give({ run: 'echo after >> /root/runs' }, `${COUNT}echo "no such role"; exit 3\n`);
    expect(await runNow()).not.toBe(0);
    const { script, run } = await steps();
    expect(script).toMatchObject({ status: 'failed', output: 'no such role' });
    expect(script?.notes[0]?.text).toContain('/gandi/script: exit status 3');
    expect(run?.status).toBe('changed');
    expect(await guest.output('tail -n 1 /root/runs')).toBe('after');
    expect((await guest.run('gandi-guest status')).exitCode).toBe(1);
  });

  it('ends a hanging script with all of its processes at the deadline', async () => {
    await setTimeLimit(3);
    const script = `${COUNT}setsid sleep 7002 &\n(trap "" TERM; sleep 7003; sleep 7004) &\ndisown\necho waiting; sleep 7005\n`;
    await give({}, script);
    expect(await runNow()).not.toBe(0);
    expect((await guest.run('pgrep -f "sleep 700[2345]"')).exitCode).toBe(1);
    const { script: ended } = await steps();
    expect(ended).toMatchObject({ status: 'failed', output: 'waiting' });
    expect(ended?.notes[0]?.text).toContain(
      'did not end within 3 s and was stopped with all of its processes',
    );
    expect(await guest.output('systemctl list-units --failed --plain --no-legend | cut -d " " -f 1')).toBe(
      'gandi-postboot.service',
    );
    await guest.output('pgrep -f "sleep 7001"');
  });

  it('keeps the start and the end of a flood', async () => {
    await setTimeLimit(120);
    await give({}, `${COUNT}echo first; head -c 60000000 /dev/zero | tr "\\0" x; echo; echo last\n`);
    expect(await runNow()).toBe(0);
    expect(Number(await guest.output('stat -c %s /var/log/gandi-postboot.log'))).toBeLessThan(1_100_000);
    expect(await guest.output('head -n 2 /var/log/gandi-postboot.log | tail -n 1')).toBe('first');
    expect(await guest.output('grep -c "bytes left out" /var/log/gandi-postboot.log')).toBe('1');
    expect((await steps()).script?.output).toMatch(/last$/);
  });

  it(
    'does not run a script again that restarted the guest, and waits for nothing at a boot without work',
    async () => {
      await give({}, `${COUNT}echo "see you"; systemctl reboot; sleep 300\n`);
      await guest.output('gandi-bootstrap --only post-boot; echo > /root/runs; sync');
      await guest.run('systemctl restart --no-block gandi-postboot.service');
      await guest.waitFor(async () => !guest.running, 60);
      await guest.reboot();
      expect(await guest.waitForBoot()).toBe('running');
      expect(await guest.output('grep -c script /root/runs')).toBe('1');
      const properties = 'ConditionResult,ExecMainStartTimestampMonotonic';
      expect(await guest.output(`systemctl show -p ${properties} gandi-postboot.service | sort`)).toBe(
        'ConditionResult=no\nExecMainStartTimestampMonotonic=0',
      );
      expect(await networkAskedFor()).toBe('waiting');
      const { script } = await steps();
      expect(script?.notes.map(({ level }) => level)).toEqual(['warning']);
      expect((await guest.run('gandi-guest status --wait')).exitCode).toBe(0);
    },
    5 * minutes,
  );

  it(
    'has no boot wait for it where that is turned off, and stops autofs where mounting is',
    async () => {
      await guest.output(`rm ${AUTOFS}; systemctl daemon-reload; systemctl start autofs.service`);
      const sed =
        "sed -i 's/^CONFIG_POSTBOOT_WAIT=.*/CONFIG_POSTBOOT_WAIT=0/; s/^CONFIG_ALLOW_MOUNT=.*/CONFIG_ALLOW_MOUNT=0/'";
      await guest.output(`${sed} /etc/default/gandi`);
      await give({}, `${COUNT}while [ ! -e /root/go ]; do sleep 0.2; done\n`);
      await guest.reboot();
      expect(await guest.waitForBoot()).toBe('running');
      await guest.waitFor('pgrep -f /gandi/script', 30);
      expect((await guest.run('systemctl is-active autofs.service')).stdout).toBe('inactive\n');
      await guest.output('touch /root/go');
      expect((await guest.run('gandi-guest status --wait')).exitCode).toBe(0);
      expect((await steps()).script).toMatchObject({ status: 'changed' });
      expect(await guest.output('grep -c script /root/runs')).toBe('2');
    },
    5 * minutes,
  );
});

describe('a boot without script or command', () => {
  const { guest } = useGuest('look', {
    // systemd-networkd, and a file of the admin's that comes first.
    image: (folder) => {
      const overlay = join(folder, 'overlay');
      const units = join(overlay, 'etc/systemd/system');
      const network = join(overlay, 'etc/systemd/network');
      mkdirSync(join(units, 'multi-user.target.wants'), { recursive: true });
      mkdirSync(network, { recursive: true });
      symlinkSync('/dev/null', join(units, 'networking.service'));
      symlinkSync(
        '/lib/systemd/system/systemd-networkd.service',
        join(units, 'multi-user.target.wants/systemd-networkd.service'),
      );
      writeFileSync(
        join(network, '10-other.network'),
        '[Match]\nName=eth0\n\n[Network]\nAddress=192.0.2.99/24\n',
      );
      return toolkitImage({ overlays: [overlay] });
    },
    machine: async (folder) => {
      const config = hostConfig('', {
        vm_conf: {},
        vif: [
          {
            pna: [
              {
                pna_address: '92.243.10.20',
                pbn: { pbn_network: '92.243.10.0/24', pbn_gateway: publicNetwork.hostAddress },
              },
            ],
          },
        ],
      });
      return {
        disks: [{ disk: await seedDisk(folder, 'seed.img', { config }) }],
        interfaces: [publicNetwork],
      };
    },
    state: 'degraded',
    minutes: 20,
  });

  const line = 'eth0 has no 92.243.10.20/24; networkd uses /etc/systemd/network/10-other.network';

  it('has what differs told by status and on the console', async () => {
    const { stdout } = await guest.run('gandi-guest status --wait');
    expect(stdout).toMatch(/^failed\n/);
    expect(stdout).toContain(line);
    expect(await guest.output('journalctl -b -o cat -u gandi-postboot-background')).toContain(line);
    expect((await guest.run('gandi-guest doctor')).stdout).toContain(line);
  });

  it(
    'is looked at once for what is asked',
    async () => {
      // As in the next boot, which finds nothing in /run.
      await guest.run('rm -r /run/gandi/postboot*; gandi-bootstrap');
      await guest.output('systemctl restart gandi-postboot-background.service');
      expect(await guest.output('systemctl show -P ConditionResult gandi-postboot-background.service')).toBe(
        'no',
      );
      await guest.output(
        'rm /etc/systemd/network/10-other.network; sed -i s/92.243.10.20/92.243.10.21/ /gandi/config',
      );
      await guest.reboot();
      await guest.waitForBoot();
      expect((await guest.run('gandi-guest status --wait')).stdout).toMatch(/^gandi-postboot: unchanged /m);
      expect(await guest.output('ip -4 address show dev eth0')).toContain('92.243.10.21/24');
    },
    5 * minutes,
  );
});
