import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { blankDisk, dataDisk, overlayDisk } from './disk.ts';
import { Guest } from './guest.ts';
import { toolkitImage } from './toolkit.ts';

it('tries', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gandi-guest-disks-'));
  const image = await toolkitImage();
  const guest = await Guest.boot({
    name: 'try', image,
    disks: [{ disk: await overlayDisk(image, join(folder, 'root.qcow2'), 2048) }, { disk: await dataDisk(join(folder, 'boot.img'), { mebibytes: 32, label: 'atboot' }) }],
  });
  const show = async (c: string) => { const r = await guest.run(c); process.stderr.write(`$ ${c}\n${r.stdout}${r.stderr}[${r.exitCode}]\n`); };
  try {
    process.stderr.write((await guest.waitForBoot()) + '\n');
    await show('findmnt -rn /srv/atboot; gandi-mount list; systemctl status gandi-mount.service gandi-disks.service --no-pager -l; journalctl -b -o short-monotonic --no-pager | grep -iE "gandi" | tail -30');
    const a = await guest.attachDisk({ disk: await dataDisk(join(folder, 'a.img'), { mebibytes: 64, label: 'data' }) });
    await guest.waitFor('findmnt -rn /srv/data');
    await show('sleep 2; findmnt -rn /srv/data; stat -c "%a %u %g" /srv/data; gandi-mount list; journalctl -b -o short-monotonic --no-pager -u "gandi-disk*"; systemctl list-units --all --no-pager "gandi-*"');
    await show('cd /srv/data; sleep 100 & cd /; gandi-mount eject data; kill %1; gandi-mount eject data; ls /srv; gandi-mount list; gandi-mount attach /dev/sdc; echo rc $?; df /srv/data');
    await guest.qmp.execute('block_resize', { 'node-name': a.backend, size: 128 * 1024 * 1024 });
    await show('sleep 4; df -m /srv/data; journalctl -b -o short-monotonic --no-pager -u "gandi-disk*" | tail -5');
    await show('(while :; do echo x; sleep 0.1; done) >/srv/data/f 2>/dev/null & echo $! >/tmp/pid');
    await guest.detach(a);
    await show('sleep 3; findmnt -rn | grep srv; ls /srv; gandi-mount list; journalctl -b -o short-monotonic --no-pager -u "gandi-disk*" | tail -8; systemctl list-units --all --no-pager "gandi-*"; kill $(cat /tmp/pid)');
    const blank = await guest.attachDisk({ disk: await blankDisk(join(folder, 'blank.img'), 32) });
    await show('sleep 3; mkfs.ext4 -q -L fresh /dev/sdc; sleep 4; gandi-mount list; journalctl -b -o short-monotonic --no-pager -u "gandi-disk*" | tail -8; udevadm info /dev/sdc | grep -i WANTS; systemctl --failed --no-pager; cat /var/log/gandi.log | tail -3; cat /var/lib/gandi/disks.json');
    void blank;
    expect(1).toBe(1);
  } finally { await guest.powerCut(); }
});
