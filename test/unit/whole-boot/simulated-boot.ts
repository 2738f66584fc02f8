import { chmodSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { main as bootstrap } from '../../../src/bootstrap/start.ts';
import { main as configure } from '../../../src/config/program.ts';
import { parseJsonObject } from '../../../src/machine/changes/json-file.ts';
import type { Intercept } from '../../../src/machine/changes/machine.ts';
import type { CommandOptions, CommandResult, Commands } from '../../../src/machine/commands/commands.ts';
import { observeFacts } from '../../../src/machine/facts/observed-facts.ts';
import { Files } from '../../../src/machine/files/files.ts';
import { APPLIED_DIRECTORY, HOST_DISK_FILE, POST_BOOT_STARTED } from '../../../src/machine/files/paths.ts';
import { ReadTrace } from '../../../src/machine/files/trace/read-trace.ts';
import { escapePath } from '../../../src/machine/formats/text/unit-names.ts';
import type { PresentAddress } from '../../../src/machine/network/interface-addresses.ts';
import { describeFailure } from '../../../src/machine/runtime/errors.ts';
import { readOsRelease } from '../../../src/machine/system/os-release.ts';
import { main as mount } from '../../../src/mount/program.ts';
import type { System } from '../../../src/plan/system.ts';
import { main as postBoot } from '../../../src/postboot/program.ts';
import { type MoreOfGuest, SimulatedGuest } from '../bootstrap/simulated-guest.ts';
import { capturedOutput } from '../captured-output.ts';
import { DISTRIBUTIONS, type Distribution } from '../config/distributions.ts';
import { makeContext } from '../context.ts';
import { SimulatedDisks } from '../mount/simulated-disks.ts';
import { simulatedSystem } from '../simulated-system.ts';
import { ONE_START_FILES, startOnce, tellDone } from './one-start.ts';

const debian = DISTRIBUTIONS['Debian 13'] as Distribution;

/** How systemd-run starts what the host gave: within the guest's tree, and told where to leave its trace. */
const systemdRun = (root: string) => `#!/bin/sh
while [ "$1" != -- ]; do shift; done
shift
for word; do
  case $word in /gandi/*|/var/lib/gandi/scripts/*) word=${root}$word ;; esac
  set -- "$@" "$word"
  shift
done
case $1 in ${root}/*) set -- /bin/sh "$@" ;; esac
TRACE=${root}/var/trace exec "$@"
`;

const JSON_FILES = [`${APPLIED_DIRECTORY}/gandi-config.json`, POST_BOOT_STARTED];

/** What ifupdown reads of the interface. */
const INTERFACE_FILE = '/etc/network/interfaces.d/50-gandi-eth0';

/** What is known of a run of gandi-bootstrap while it is under way. */
export interface TracedRun {
  /** What it notes down of what it reads. */
  trace: ReadTrace;
  /** One of its changes is being made. */
  isChanging: boolean;
  /** Commands that it ran otherwise. */
  asked: string[];
}

/** What ifupdown made of its file. */
function presentAddresses(files: Pick<Files, 'readText'>): PresentAddress[] {
  const text = files.readText(INTERFACE_FILE) ?? '';
  return [...text.matchAll(/^\s*address ([\d.]+)\/(\d+)$/gm)].map(([, address = '', length]) => ({
    family: 4,
    address,
    prefixLength: Number(length),
  }));
}

/**
 * Debian 13 with the host's disk, a data disk, and a script and a command of the host's. In its boot the four programs
 * run from beginning to end, in the order of their units.
 */
export class SimulatedBoot {
  readonly guest: SimulatedGuest;
  readonly disks: SimulatedDisks;
  /** Boots in which the start of gandi-bootstrap did the work of gandi-config. */
  doneByOneStart = 0;
  /** The run that `bootstrapWithTrace` began. */
  running: TracedRun | undefined;

  private constructor(guest: SimulatedGuest) {
    this.guest = guest;
    this.disks = new SimulatedDisks('', guest.files);
    this.disks.attach({ name: 'sdc', label: 'volume', uuid: '3f3c1d3a-6a0e-4c1b-9f0e-2f6a3c1d3a6a' });
    const place = this.files.locate('/bin/systemd-run');
    writeFileSync(place, systemdRun(this.files.root));
    chmodSync(place, 0o755);
    this.#udevSeesDisks();
  }

  /**
   * A guest that has not booted yet.
   * @param seed what configures it in place of Gandi's disk
   * @param more files of the machine
   */
  static async make(
    seed?: MoreOfGuest['seed'],
    more: Readonly<Record<string, string>> = {},
  ): Promise<SimulatedBoot> {
    const files = {
      ...debian.files,
      ...ONE_START_FILES,
      ...more,
      '/sys/class/net/eth0/address': '00:16:3e:00:00:01\n',
      '/sys/class/net/eth0/device': '',
    };
    if (seed !== undefined)
      return new SimulatedBoot(await SimulatedGuest.make('whole disk', { files, seed }));
    const leave = (word: string) => `echo ${word} >> "$TRACE"`;
    const work = { files, script: `#!/bin/sh\n${leave('script')}\n`, command: leave('command') };
    return new SimulatedBoot(await SimulatedGuest.make('whole disk', work));
  }

  get files(): Files {
    return this.guest.files;
  }

  /** What a reboot takes away. */
  restart(): void {
    this.guest.restart();
    this.#udevSeesDisks();
  }

  remove(): void {
    this.guest.remove();
  }

  /**
   * All services of a boot. One that fails does not keep systemd from starting the next.
   * @param onlySource leaves out gandi-mount and gandi-config, which no source has a word in
   * @returns exit statuses
   */
  async boot(onlySource = false): Promise<number[]> {
    const { system } = this;
    // systemd gives the kernel the guest's name before it starts anything (hostname(5)).
    const name = this.files.readText('/etc/hostname');
    if (name !== undefined) this.disks.write('/proc/sys/kernel/hostname', name);
    const failed = (error: unknown) => {
      // As src/call-program.ts says it.
      capturedOutput.printError(describeFailure(error, true));
      return 1;
    };
    const statuses = [await (onlySource ? bootstrap([], system).catch(failed) : startOnce(system))];
    if (!onlySource) {
      statuses.push(await mount(['rescan'], system).catch(failed));
      const done = tellDone(this.files, (path) => this.disks.write(path, ''));
      if (done !== undefined) this.doneByOneStart += 1;
      statuses.push(done ?? (await configure([], system).catch(failed)));
    }
    this.#ifupdownActs();
    return [...statuses, await postBoot([], system).catch(failed)];
  }

  /** gandi-bootstrap alone, on facts that are observed, but for those of root's file system. */
  async bootstrapWithTrace(): Promise<TracedRun> {
    const { files, guest, system } = this;
    const run: TracedRun = { trace: new ReadTrace(), isChanging: false, asked: [] };
    const intercept: Intercept = async (change, make) => {
      run.isChanging = true;
      await guest.intercept(change, make).finally(() => {
        run.isChanging = false;
      });
    };
    this.running = run;
    await bootstrap([], {
      ...system,
      open: (_?: string, trace?: ReadTrace) => {
        if (trace !== undefined) run.trace = trace;
        return { files: new Files(files.root, trace), live: true };
      },
      commands: {
        ...system.commands,
        run: (argv, options) => {
          if (!run.isChanging) run.asked.push(argv.join(' '));
          return system.commands.run(argv, options);
        },
      },
      intercept,
      loadFacts: () =>
        Promise.resolve({
          observeFacts: (...args: Parameters<typeof observeFacts>) => {
            const facts = observeFacts(...args);
            const networkManager = facts.networkManager ?? 'ifupdown';
            return Object.defineProperties(facts, {
              root: { value: guest.root },
              networkManager: { value: networkManager },
            });
          },
        }),
    });
    return run;
  }

  /** The interface gets what its file says; presentAddresses reads the address there. */
  #ifupdownActs(): void {
    const text = this.files.readText(INTERFACE_FILE) ?? '';
    this.disks.write('/sys/class/net/eth0/flags', '0x1003\n');
    this.disks.write('/sys/class/net/eth0/operstate', 'up\n');
    const gateway = /^\s*gateway ([\d.]+)$/m.exec(text)?.[1];
    if (gateway === undefined) return;
    const digits = Buffer.from(gateway.split('.').map(Number).reverse()).toString('hex').toUpperCase();
    this.disks.write('/proc/net/route', `headings\neth0\t00000000\t${digits}\t0003\t0\t0\t0\t00000000\n`);
  }

  /** What the programs run on. */
  private get system(): System {
    const { files, disks, guest } = this;
    const commands: Commands = {
      searchPath: `${files.root}/bin:/usr/bin:/bin`,
      run: (argv, options) => this.#run(argv, options),
    };
    const observeFacts = () =>
      makeContext({
        facts: { os: readOsRelease(files), kernelCommandLine: 'gandi=cet-eu', root: guest.root },
      }).facts;
    return simulatedSystem({
      open: () => ({ files, live: true }),
      commands,
      environment: { GANDI_BOOT: '1' },
      intercept: guest.intercept,
      loadFacts: () => Promise.resolve({ observeFacts }),
      loadAddresses: () => Promise.resolve({ presentAddresses }),
      isClaimed: disks.system.isClaimed,
      loadDeviceUsers: disks.system.loadDeviceUsers,
    });
  }

  #run(argv: readonly [string, ...string[]], options: CommandOptions): Promise<CommandResult> {
    const [program] = argv;
    if (program === 'find' || argv.some((word) => word.startsWith(this.disks.node('sdc'))))
      return this.disks.commands.run(argv, options);
    if (program === 'ssh-keygen') this.disks.write(argv[argv.indexOf('-f') + 1] ?? '', 'a key\n');
    else if (program !== 'systemctl' && program !== 'sshd') return this.guest.commands.run(argv, options);
    return Promise.resolve({ argv, exitCode: 0, stdout: '', stderr: '' });
  }

  /** All that lasts, what is mounted, and what ran; reports and times are left out. */
  state(): Record<string, string> {
    const outer = dirname(this.files.root);
    /** Without the directory that this guest is in, also as names of units have it. */
    const own = (text: string) => text.replaceAll(outer, '').replaceAll(`${escapePath(outer)}-`, '');
    const passedOver =
      /^\/(bin|dev|usr)\/|^\/var\/(trace$|lib\/gandi\/(gandi-\w+\.json$|backup\/|steady\/))|\/gandi-postboot\.log$/;
    const state = Object.entries(this.guest.state()).filter(([path]) => !passedOver.test(path));
    const sorted = (path: string) =>
      own(JSON.stringify(Object.entries(parseJsonObject(this.files.readText(path)) ?? {}).sort()));
    return {
      ...Object.fromEntries(state.map(([path, what]) => [own(path), own(what)])),
      // In whichever order their parts came.
      ...Object.fromEntries(JSON_FILES.map((path) => [path, sorted(path)])),
      // The swap area's UUID is another one in each guest.
      [HOST_DISK_FILE]: (this.files.readText(HOST_DISK_FILE) ?? '').replace(
        /[\da-f]{8}-[\da-f-]{27}/,
        'UUID',
      ),
      mounts: this.disks.mounts().join(' '),
      swaps: own(this.files.readText('/proc/swaps') ?? ''),
      ran: (this.files.readText('/var/trace') ?? '').trim().split('\n').sort().join(' '),
      steady: this.files.list('/var/lib/gandi/steady').join(' '),
    };
  }

  #udevSeesDisks(): void {
    for (const number of ['8:0', '8:48']) this.disks.write(`/run/udev/data/b${number}`, '');
  }
}
