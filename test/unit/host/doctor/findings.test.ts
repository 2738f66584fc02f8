import { describe, expect, it } from 'vitest';
import { orderFindings, rivalFindings, settingIn } from '../../../../src/host/doctor/findings.ts';
import { METADATA } from '../../../../src/host/libvirt/metadata.ts';
import { Virsh } from '../../../../src/host/libvirt/virsh.ts';
import { readGuests } from '../../../../src/host/order/host-guests.ts';
import { FakeLibvirt, uuidOf } from '../fake-libvirt.ts';

const rivals = (texts: Record<string, string>) =>
  rivalFindings({ readText: (path) => texts[path] }).map(({ text }) => text);

describe('a setting of another program', () => {
  it('is the last one that is no comment', () => {
    expect(settingIn('#ON_BOOT=start\nON_BOOT=ignore\n ON_BOOT="start"\n', 'ON_BOOT')).toEqual({
      value: 'start',
      line: 3,
    });
    expect(settingIn('#ON_BOOT=start\nOTHER=1\n', 'ON_BOOT')).toBeUndefined();
  });
});

describe('who starts or stops the same guests', () => {
  it('is told with file and line', () => {
    expect(
      rivals({
        '/etc/default/libvirt-guests': '# x\nON_BOOT=start\n',
        '/etc/libvirt/qemu.conf': 'auto_shutdown_try_save = "persistent"\nauto_shutdown_poweroff = "none"\n',
      }),
    ).toEqual([
      '/etc/default/libvirt-guests:2: ON_BOOT=start: libvirt-guests starts the guests that ran before, in no order',
      '/etc/libvirt/qemu.conf:1: auto_shutdown_try_save is persistent: libvirt stops guests by itself, in no order',
    ]);
  });

  it('is nobody where the defaults count', () => {
    expect(
      rivals({ '/etc/default/libvirt-guests': 'ON_BOOT=ignore\n', '/etc/libvirt/qemu.conf': '' }),
    ).toEqual([]);
  });
});

describe('the order', () => {
  it('is told of where a guest is not started, or libvirt starts it too', async () => {
    const order = (number: number, attributes: string) => ({
      [METADATA.order.uri]:
        `<o:order xmlns:o="${METADATA.order.uri}" uuid="${uuidOf(number)}" ${attributes}/>`,
    });
    const fake = new FakeLibvirt([
      { uuid: uuidOf(1), name: 'bad', metadata: order(1, 'priority="1e3"') },
      { uuid: uuidOf(2), name: 'both', autostart: true, metadata: order(2, 'priority="1"') },
      { uuid: uuidOf(3), name: 'theirs', autostart: true },
    ]);
    const found = orderFindings(await readGuests(new Virsh(fake)));
    expect(found.map(({ level, text }) => `${level}: ${text}`)).toEqual([
      'problem: bad is not started: priority is "1e3", expected a whole number from 0 to 999999',
      "warning: libvirt's autostart of both is on, and knows no order",
    ]);
  });
});
