import { HOST_SETTINGS } from '../../src/host/context/setting-definitions.ts';
import type { ManualText } from './manual-texts.ts';

const settings = Object.entries(HOST_SETTINGS)
  .map(([name, { summary }]) => `\`${name}\` (${summary})`)
  .join(', ');

/** What the page of gandi-host says beside what its code says by itself. */
export const HOST_MANUAL_TEXT: ManualText = {
  description: [
    'Works on the guests of a libvirt host, this one or another one that a URI names. libvirt holds all state: what gandi-host knows of a guest stands in the metadata of its domain.',
    'Guests start in the order in which they need each other. Those of a lower priority start first. A guest that requires others starts when these are ready, and not at all if one of them failed; one that comes after others starts behind them, if they are started. A guest has the lowest priority of those that wait for it. Priority 0 keeps a guest off; one without a priority is started where another guest requires it. A guest that is not ready in time goes on running and counts as failed. Guests stop in the reverse order.',
    'A guest is ready when the toolkit in it says so on the virtio port net.gandi.report.0 (`channel`), when its guest agent is there (`agent`), when a port answers (`tcp:PORT`, `ssh`), when a line for sh(1) on this host succeeds, in which `$1` is the name of the guest and `$2` its UUID (`command:LINE`), after a time (`delay:30s`), or as soon as it runs (`running`). By default it is the first of channel, agent and running that its definition allows; of a guest of another host nobody hears the channel, and it is the first of the others.',
    '`gandi-host-order.service` starts the guests at the boot of the host, and stops them at its end. A guest that libvirt starts by itself is in no order: `order adopt` turns libvirt’s autostart off, and `order release` gives it back.',
    'A golden image has versions, of which one is current; a new one is that only after a disposable guest of it came up. What the console of one said that did not is a volume beside the image until a prune. An image file is one of qcow2, raw, VDI, VHD, VHDX or VMDK with a partition table or a file system, all of it in this file: it is looked at before anything is made of it. An image that is made of another one is an overlay of it, or a whole copy where eight images would lie below it. `run --packages` makes an image of them by itself, which the next run with the same ones finds; `golden prune --unused DAYS` takes away those that no run asks for any more. `gandi-host-golden-update.timer` makes new versions every week, and is off until an admin enables it.',
    'Commands reach a guest by its virtio port net.gandi.exec.0, whose socket on the host is open to root and to the group that QEMU runs in; those of another host by ssh, where the URI of libvirt has it. All else needs no more than access to libvirt.',
    '`run` and `exec` end with the exit status of their command: 128 and its number where a signal ended it, 126 or 127 where it cannot be run or is not there, 124 where its time was up. 125 is a failure of gandi-host itself, wrong usage as well.',
    'Nothing is removed that anybody needs: overlays in all active pools of libvirt, and domains, ours or not, are looked at. What lies outside of them cannot be seen. A golden image that another gandi-host of this host is at work on is left alone until that has ended.',
  ],
  environment: [
    ['LIBVIRT_DEFAULT_URI', 'The libvirt to work with, where neither an option nor a setting names one.'],
    ['GANDI_HOST_CONF', 'One more file of settings, which must be there.'],
  ],
  files: [
    ['/etc/gandi/host.conf', `Settings, \`name = value\`, one a line: ${settings}.`],
    ['~/.config/gandi/host.conf', 'Settings of a user, which come before those of the host.'],
  ],
  seeAlso: ['virsh(1)', 'gandi-guest(8)'],
};
