/**
 * Runs a command in a disposable guest of a golden image, by gandi-host and a libvirt of its own, and prints what was asked
 * beside what the guest shows: `make demo GANDI_DEMO=libvirt`. Exit status 1 if the guest differs from what was asked.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Comparison } from '../guest/demo/comparisons.ts';
import { say, showComparisons } from '../guest/demo/show.ts';
import { withProgress } from '../guest/progress.ts';
import { makeKeyPair } from '../guest/ssh.ts';
import { rigWithBase } from './base-image.ts';
import { setup } from './global-setup.ts';
import type { LibvirtRig } from './libvirt-rig.ts';

/** Between two answers: a character that no command prints. */
const SEPARATOR = '\u001e';
const ADDRESS = '10.9.8.7/24';
const STATUS = 7;

/** By which people tell keys apart. */
const endOfKey = (publicKey: string) => (publicKey.split(' ')[1] ?? '').slice(-10);

/** Commands in the guest, and what each is to print. */
const questions = (publicKey: string) =>
  [
    ['host name', 'web1', 'hostname'],
    ['address of eth0', ADDRESS, `ip -4 -o address show dev eth0 | awk '{print $4}'`],
    [
      'root’s SSH key, its end',
      endOfKey(publicKey),
      `awk '{print substr($2, length($2) - 9)}' /root/.ssh/authorized_keys`,
    ],
    ['data disk, by its label', 'virtio-data', 'ls /dev/disk/by-id'],
    ['directory of the host', 'from the host', 'cat /mnt/shared/of-host'],
    ['written there', 'from the guest', 'echo from the guest | tee /mnt/shared/of-guest'],
    ['gandi-guest status', 'configured', 'gandi-guest status | head -n 1'],
  ] as const;

async function demonstrate(rig: LibvirtRig): Promise<boolean> {
  const { publicKey } = await makeKeyPair(join(rig.folder, 'key'), 'demo');
  const shared = join(rig.folder, 'shared');
  await mkdir(shared);
  await writeFile(join(shared, 'of-host'), 'from the host\n');
  const asked = questions(publicKey);
  const script = asked.map(([, , command]) => `( ${command} ) 2>&1; printf '\\036'`).join('\n');
  const words = ['run', '--from', 'base', '--host-name', 'web1', '--nic', `user,address=${ADDRESS}`];
  const more = [
    '--ssh-key',
    join(rig.folder, 'key.pub'),
    '--mount',
    `${shared}:/mnt/shared`,
    '--disk',
    'data:64M',
  ];
  const before = await rig.state();
  say(`gandi-host ${[...words, ...more].join(' ')} -- sh -c …`);
  const { status, stdout, stderr } = await withProgress('run it in a guest of its own', () =>
    rig.host(...words, ...more, '--', 'sh', '-c', `${script}\nexit ${STATUS}`),
  );
  process.stderr.write(stderr);
  const answers = stdout.split(SEPARATOR);
  const isGone = isDeepStrictEqual(await rig.state(), before);
  const rows: Comparison[] = asked.map(([what, wanted], index) => ({
    what,
    asked: wanted,
    shown: (answers[index] ?? '').trim(),
  }));
  rows.push({ what: 'exit status', asked: `${STATUS}`, shown: `${status}` });
  rows.push({ what: 'left of it', asked: 'nothing', shown: isGone ? 'nothing' : 'something' });
  return showComparisons(rows);
}

const removeTree = await setup();
try {
  const rig = await withProgress('make a golden image, and have a guest of it come up', () => rigWithBase());
  try {
    process.exitCode = (await demonstrate(rig)) ? 0 : 1;
  } finally {
    await rig.stop();
  }
} finally {
  await removeTree();
}
