/**
 * Runs the same job in a guest of its own, by gandi-host and by virt-install with cloud-init, and prints both beside each other:
 * `make bench HOST=1`. Both guests are emulated by the same libvirt, with the same memory, processor, kernel, command line and
 * initial RAM disk, from images that gandi-host makes the same way of the same packages; one has the toolkit, the other
 * cloud-init.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { renderTable } from '../src/terminal/table.ts';
import { installPrograms } from '../test/guest/prerequisites.ts';
import { withProgress } from '../test/guest/progress.ts';
import { type RootFileSystem, rootFileSystem } from '../test/guest/rootfs.ts';
import { SHARED_TREE } from '../test/guest/toolkit.ts';
import { setup } from '../test/host-guests/global-setup.ts';
import { type Ended, HOST_PROGRAM, LibvirtRig } from '../test/host-guests/libvirt-rig.ts';
import { processorTimes, timesDuring } from './guest-process.ts';

const [timesText = '3'] = process.argv.slice(2);
const TIMES = Number(timesText);
if (!Number.isSafeInteger(TIMES) || TIMES < 1) throw new Error(`"${timesText}" is no number of runs`);

const LINES = 1000;
const STATUS = 7;
const SCRIPT = `seq ${LINES}; echo wrong >&2; exit ${STATUS}`;
const OUTPUT = `${Array.from({ length: LINES }, (_, index) => `${index + 1}\n`).join('')}`;

const MEBIBYTES = '768';
/** How long virt-install waits for the guest's end. */
const MOST_MINUTES = 15;
/** Of docs/performance.md: what gandi-host itself may take of a run, on an idle machine. */
const OWN_SECONDS = 1;

/**
 * What an image of cloud-init's has of its own: otherwise it asks each known cloud in turn, and makes a locale for which the
 * image has no package. The host keys are of the kinds that the toolkit makes.
 */
const CLOUD_SETTINGS = `datasource_list: [NoCloud, None]
locale: false
ssh_genkeytypes: [rsa, ecdsa, ed25519]
`;

/**
 * What somebody writes who has the job done by cloud-init: its outputs and how it ended go out by a port. Debian's kernel for
 * clouds does not see the CD that virt-install makes of such files by itself: it has no driver for SATA.
 */
const SEED = {
  'meta-data': 'instance-id: job-1\n',
  'user-data': `#cloud-config
runcmd:
- [sh, -c, "sh -c '${SCRIPT}' > /dev/virtio-ports/job 2>&1; echo status $? > /dev/virtio-ports/job"]
power_state: {mode: poweroff, delay: now}
`,
};

/** One run of the job. */
interface Run {
  wall: number;
  guestProcessor: number;
  /** Of the commands, and of libvirtd for them. */
  toolsProcessor: number;
  /** Of the wall's seconds those without a QEMU. */
  withoutGuest: number;
}

interface Way {
  name: string;
  /** Commands as they are typed, one after the other. */
  commands: readonly (readonly string[])[];
  /** Files that one writes for them, by their names. */
  files: Readonly<Record<string, string>>;
  /** @throws Error if the job was not done as it was to be */
  check(ended: readonly Ended[]): void;
  exitStatus: string;
  output: string;
}

function expectJob(isSo: boolean, ended: readonly Ended[]): void {
  if (!isSo) throw new Error(`the job was not done: ${JSON.stringify(ended).slice(-2000)}`);
}

const gandiHost = (): Way => ({
  name: 'gandi-host run',
  commands: [[HOST_PROGRAM, 'run', '--from', 'toolkit', '--', 'sh', '-c', SCRIPT]],
  files: {},
  check(ended) {
    const [ran] = ended;
    expectJob(ran?.status === STATUS && ran.stdout === OUTPUT && ran.stderr === 'wrong\n', ended);
  },
  exitStatus: 'the command’s',
  output: 'both apart, as they come',
});

/** The image is the one that gandi-host made of the tree with cloud-init; the kernel’s command line is that of its guests. */
function virtInstall({ pool, folder }: LibvirtRig): Way {
  const image = join(pool, 'cloud.v1.qcow2');
  const disk = join(pool, 'job.qcow2');
  const result = join(pool, 'result');
  const seed = join(pool, 'seed.iso');
  const files = Object.keys(SEED).map((name) => join(folder, name));
  const boot = [
    `kernel=${join(pool, 'cloud.v1.kernel')}`,
    `initrd=${join(pool, 'cloud.v1.initrd')}`,
    'kernel_args=root=LABEL=root rw console=ttyS0 net.ifnames=0 quiet',
  ];
  const install = [
    ...['virt-install', '--connect', 'qemu:///system', '--name', 'job', '--import', '--osinfo', 'linux2022'],
    ...['--virt-type', 'qemu', '--machine', 'q35', '--cpu', 'Nehalem', '--memory', MEBIBYTES, '--vcpus', '1'],
    ...['--boot', boot.join(','), '--network', 'user,model=virtio', '--graphics', 'none'],
    ...['--disk', `path=${disk},backing_store=${image},backing_format=qcow2,format=qcow2,bus=virtio,size=8`],
    ...['--disk', `path=${seed},format=raw,bus=virtio,readonly=on`],
    ...['--noautoconsole', '--wait', String(MOST_MINUTES)],
    // As in a guest of gandi-host's.
    ...['--controller', 'usb,model=none', '--controller', 'type=pci,index=0,model=pcie-root'],
    ...['--memballoon', 'none'],
    ...['--channel', `type=file,source.path=${result},target.type=virtio,target.name=job`],
  ];
  return {
    name: 'virt-install, cloud-init',
    commands: [
      ['genisoimage', '-quiet', '-volid', 'cidata', '-joliet', '-rock', '-output', seed, ...files],
      install,
      ['virsh', '--connect', 'qemu:///system', 'undefine', 'job', '--remove-all-storage'],
      ['cat', result],
      ['rm', '-f', result, seed],
    ],
    files: SEED,
    check(ended) {
      const isSo = ended.every(({ status }) => status === 0);
      expectJob(isSo && ended.some(({ stdout }) => stdout === `${OUTPUT}wrong\nstatus ${STATUS}\n`), ended);
    },
    exitStatus: 'by hand, in the output',
    output: 'both in one, a file',
  };
}

/** Has a shell tell what the command’s processes have used: `times`, whose second line is that of the children. */
const COUNTED = `file=$1; shift; "$@"; status=$?; times > "$file"; exit "$status"`;

function childSeconds(text: string): number {
  const [, children = ''] = text.split('\n');
  const seconds = [...children.matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, minutes, rest]) => 60 * Number(minutes) + Number(rest),
  );
  if (seconds.length !== 2) throw new Error(`the shell's times are "${text}"`);
  return seconds.reduce((sum, one) => sum + one, 0);
}

async function runOnce(rig: LibvirtRig, way: Way): Promise<Run> {
  const before = await rig.state();
  const daemon = Number(await readFile(join(rig.folder, 'libvirtd.pid'), 'utf8'));
  const ofDaemon = () => {
    const { processor = 0, children = 0 } = processorTimes(daemon) ?? {};
    return processor + children;
  };
  for (const [name, text] of Object.entries(way.files)) await writeFile(join(rig.folder, name), text);
  const counts = join(rig.folder, 'times');
  let toolsProcessor = -ofDaemon();
  const ended: Ended[] = [];
  const times = await timesDuring(join(rig.folder, 'run/qemu'), async () => {
    for (const command of way.commands) {
      ended.push(await rig.run(['sh', '-c', COUNTED, 'sh', counts, ...command]));
      toolsProcessor += childSeconds(await readFile(counts, 'utf8'));
    }
  }).catch((error: unknown) => {
    throw new Error(`${way.name}: ${JSON.stringify(ended).slice(-2000)}`, { cause: error });
  });
  toolsProcessor += ofDaemon();
  way.check(ended);
  if (JSON.stringify(await rig.state()) !== JSON.stringify(before))
    throw new Error(`${way.name} left something behind`);
  const { wall, processor, lifetime } = times;
  return { wall, guestProcessor: processor, toolsProcessor, withoutGuest: wall - lifetime };
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? Number.NaN;

/** An image of each tree, made the same way. That of the toolkit counts as tried: the job is what tries it. */
async function makeImages(rig: LibvirtRig, plain: RootFileSystem, cloud: RootFileSystem): Promise<void> {
  const script = join(rig.folder, 'cloud-settings');
  await writeFile(script, `cat > /etc/cloud/cloud.cfg.d/99-job.cfg << 'end'\n${CLOUD_SETTINGS}end\n`);
  const own = {
    toolkit: ['--from', plain.tree, '--toolkit', process.env[SHARED_TREE] ?? ''],
    cloud: ['--from', cloud.tree, '--script', script],
  };
  const common = [
    '--memory',
    MEBIBYTES,
    '--cpus',
    '1',
    '--work-directory',
    rig.folder,
    '--ready-timeout',
    '1',
  ];
  for (const [name, words] of Object.entries(own)) {
    const { stderr } = await rig.host('golden', 'create', name, ...words, ...common);
    if (!stderr.includes(`${name}@1 failed`)) throw new Error(`no image was made: ${stderr}`);
  }
  await rig.markReady('toolkit', 1);
}

/** Medians of both ways, and what one is of the other. */
function show(ways: readonly Way[], runs: ReadonlyMap<Way, readonly Run[]>): string {
  const figure = (way: Way, of: (run: Run) => number) => median((runs.get(way) ?? []).map(of));
  const measured: [string, (run: Run) => number][] = [
    ['from the call until result and guest are there and gone, s', ({ wall }) => wall],
    ['processor, s: the guest', ({ guestProcessor }) => guestProcessor],
    ['processor, s: commands and libvirtd', ({ toolsProcessor }) => toolsProcessor],
  ];
  const rows = measured.map(([title, of]) => {
    const [ours = 0, others = 0] = ways.map((way) => figure(way, of));
    return [title, ours.toFixed(1), others.toFixed(1), (ours / others).toFixed(2)];
  });
  const linesOf = ({ files }: Way) =>
    Object.values(files).reduce((sum, text) => sum + text.trimEnd().split('\n').length, 0);
  rows.push(
    ['commands', ...ways.map(({ commands }) => String(commands.length))],
    ['lines that one writes beside them', ...ways.map((way) => String(linesOf(way)))],
    ['exit status', ...ways.map(({ exitStatus }) => exitStatus)],
    ['output', ...ways.map(({ output }) => output)],
  );
  return renderTable(['', ...ways.map(({ name }) => name), 'ratio'], rows, true);
}

await installPrograms({ 'virt-install': 'virtinst', genisoimage: 'genisoimage' });
const removeTree = await setup();
try {
  const [plain, cloud] = [await rootFileSystem(), await rootFileSystem('bookworm', ['cloud-init'])];
  if (basename(plain.kernel) !== basename(cloud.kernel))
    throw new Error(
      `the trees differ by their kernels, ${plain.kernel} and ${cloud.kernel}: remove the older`,
    );
  const rig = await LibvirtRig.start();
  try {
    await withProgress('make both images', () => makeImages(rig, plain, cloud));
    const ways = [gandiHost(), virtInstall(rig)];
    const [ours] = ways as [Way, Way];
    const runs = new Map<Way, Run[]>(ways.map((way) => [way, []]));
    for (let time = 1; time <= TIMES; time++)
      for (const way of ways) {
        const run = await withProgress(`${way.name}, ${time} of ${TIMES}`, () => runOnce(rig, way));
        const figures = Object.entries(run).map(([name, seconds]) => `${name} ${seconds.toFixed(2)} s`);
        process.stderr.write(`${way.name}: ${figures.join(', ')}\n`);
        runs.get(way)?.push(run);
      }
    process.stdout.write(`a disposable job with ${LINES} lines of output and exit status ${STATUS}\n`);
    process.stdout.write(show(ways, runs));
    const own = median((runs.get(ours) ?? []).map(({ withoutGuest }) => withoutGuest));
    process.stdout.write(
      `gandi-host run, before its guest is started and after it is gone: ${own.toFixed(2)} s of ${OWN_SECONDS} s at most${own > OWN_SECONDS ? ': not met' : ''}\n`,
    );
  } finally {
    await rig.stop();
  }
} finally {
  await removeTree();
}
