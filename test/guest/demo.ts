/**
 * Boots a guest from a prepared disk and prints what was asked beside what the guest shows: `make demo`. Everything is
 * read over real SSH logins by the configured key. Exit status 1 if the guest differs from what was asked.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { answersBySsh } from './demo/answers.ts';
import { comparisons, questions } from './demo/comparisons.ts';
import type { ExampleConfig } from './demo/example-config.ts';
import { say, showComparisons } from './demo/show.ts';
import { overlayDisk } from './disk.ts';
import { Guest } from './guest.ts';
import { installPrerequisites } from './prerequisites.ts';
import { withProgress } from './progress.ts';
import { makeKeyPair } from './ssh.ts';
import { seedDisk, toolkitImage } from './toolkit.ts';

/** Larger than the image, so that the root file system has something to grow into. */
const rootMebibytes = 4096;

const example = fileURLToPath(new URL('../../docs/example-config.json', import.meta.url));

async function demonstrate(folder: string): Promise<boolean> {
  await installPrerequisites();
  const key = await makeKeyPair(join(folder, 'key'), 'demo');
  const config: ExampleConfig = JSON.parse(await readFile(example, 'utf8'));
  config.vm_conf.ssh_key = key.publicKey;
  say('docs/example-config.json, with the public key of a new key pair in place of the one there');
  const seed = await seedDisk(folder, 'seed.img', { config });
  const image = await toolkitImage();
  const root = await overlayDisk(image, join(folder, 'root.qcow2'), rootMebibytes);
  const [first, second] = config.vif;
  const [address] = first.pna;
  const [privateAddress] = second.pna;
  const guest = await Guest.boot({
    name: config.vm_hostname,
    image,
    asDistributed: true,
    disks: [{ disk: root }, { disk: seed }],
    interfaces: [
      {
        network: address.pbn.pbn_network,
        hostAddress: address.pbn.pbn_gateway,
        guestAddress: address.pna_address,
      },
      { network: privateAddress.pvn.pvn_network, hostAddress: '192.168.10.1' },
    ],
  });
  try {
    await guest.waitForBoot();
    const answers = await withProgress('log in and look', () =>
      answersBySsh(guest, questions(config), { [config.vm_conf.user]: key.keyFile, root: key.keyFile }),
    );
    await guest.powerOff();
    const archiveErased = !(await readFile(seed.file)).includes(config.vm_conf.password);
    const rows = comparisons(config, answers, { rootMebibytes, archiveErased });
    return showComparisons(rows);
  } finally {
    await guest.powerCut();
  }
}

const folder = await mkdtemp(join(tmpdir(), 'gandi-guest-demo-'));
try {
  process.exitCode = (await demonstrate(folder)) ? 0 : 1;
} finally {
  await rm(folder, { recursive: true });
}
