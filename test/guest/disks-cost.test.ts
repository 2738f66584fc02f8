import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { blankDisk, dataDisk, overlayDisk } from './disk.ts';
import { Guest } from './guest.ts';
import { toolkitImage } from './toolkit.ts';

it('costs', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gandi-guest-disks-'));
  const image = await toolkitImage();
  const guest = await Guest.boot({
    name: 'cost', image, countInstructions: true,
    disks: [{ disk: await overlayDisk(image, join(folder, 'root.qcow2'), 2048) }],
  });
  const show = async (c: string) => { const r = await guest.run(c, {seconds: 600}); process.stderr.write(`$ ${c}\n${r.stdout}${r.stderr}[${r.exitCode}]\n`); };
  const journal = 'journalctl -b -o short-monotonic --no-pager -u "gandi-*" -n ';
  try {
    process.stderr.write((await guest.waitForBoot(400)) + '\n');
    await show(`${journal} 40; systemctl show -p CPUUsageNSec gandi-mount.service gandi-bootstrap.service gandi-disks.service; systemctl list-units --all --no-pager --plain "gandi-*"`);
    for (const n of [1, 2]) {
      const d = await guest.attachDisk({ disk: await dataDisk(join(folder, `one${n}.img`), { mebibytes: 64, label: `one${n}` }) });
      await guest.waitFor(`findmnt -rn /srv/one${n}`, 120);
      await show(`sleep 4; ${journal} 8`);
      await guest.detach(d);
      await show(`sleep 4; ${journal} 8`);
    }
    await guest.output('cat > /tmp/watch; (bash /tmp/watch >/tmp/watched 2>&1 &)', { input: 'm=0; while :; do n=$(cat /sys/fs/cgroup/system.slice/gandi-disks.service/cgroup.procs /sys/fs/cgroup/system.slice/system-gandi*/*/cgroup.procs 2>/dev/null | wc -l); [ $n -gt $m ] && { m=$n; echo $m > /tmp/most; }; sleep 0.02; done' });
    const made = await Promise.all(Array.from({ length: 24 }, (_, i) => dataDisk(join(folder, `many${i}.img`), { mebibytes: 32, label: `many${i}` })));
    for (const disk of made) await guest.attachDisk({ disk });
    await guest.waitFor('test $(findmnt -rn | grep -c /srv/many) = 24', 300);
    await show(`sleep 5; cat /tmp/most; ${journal} 60; findmnt -rn | grep srv | wc -l`);
    expect(await blankDisk(join(folder, 'x'), 1)).toBeTruthy();
  } finally { await guest.powerCut(); }
}, 1200_000);
