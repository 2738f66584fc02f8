import { describe, expect, it } from 'vitest';
import { type Action, commandOf } from '../../../../src/host/libvirt/actions.ts';
import { realEffects, shownEffects } from '../../../../src/host/libvirt/apply.ts';
import { Virsh } from '../../../../src/host/libvirt/virsh.ts';
import { FakeLibvirt, uuidOf } from '../fake-libvirt.ts';

const domain = { uuid: uuidOf(1), name: "a b'$(id)" };

function words(action: Action): string {
  return commandOf(action, new Virsh(new FakeLibvirt(), 'qemu:///system')).argv.slice(4).join(' ');
}

describe('the command of an action', () => {
  it('addresses domains by UUID', () => {
    expect(words({ kind: 'start', domain })).toBe(`start ${uuidOf(1)}`);
    expect(words({ kind: 'shutdown', domain, by: 'acpi' })).toBe(`shutdown ${uuidOf(1)} --mode acpi`);
    expect(words({ kind: 'autostart', domain, on: false })).toBe(`autostart ${uuidOf(1)} --disable`);
    expect(words({ kind: 'metadata', domain, of: 'order', xml: undefined, live: true })).toBe(
      `metadata ${uuidOf(1)} urn:gandi-guest:order:1 --config --live --remove`,
    );
  });

  it('makes an overlay by the pool', () => {
    const backing = { volume: 'base.v1.qcow2', format: 'qcow2' };
    expect(
      words({ kind: 'create-volume', pool: 'p', volume: 'g.root.qcow2', bytes: 5, format: 'qcow2', backing }),
    ).toBe(
      'vol-create-as --pool p --name g.root.qcow2 --capacity 5 --format qcow2 ' +
        '--backing-vol base.v1.qcow2 --backing-vol-format qcow2',
    );
  });

  it('says what is to be thrown away with a domain, and what is to stay', () => {
    expect(words({ kind: 'undefine', domain })).toBe(`undefine ${uuidOf(1)}`);
    expect(
      words({ kind: 'undefine', domain, managedSave: true, nvram: false, snapshotsMetadata: true }),
    ).toBe(`undefine ${uuidOf(1)} --managed-save --snapshots-metadata`);
    expect(words({ kind: 'revert-snapshot', domain, snapshot: 's', run: true })).toBe(
      `snapshot-revert --domain ${uuidOf(1)} --snapshotname s --running`,
    );
    expect(words({ kind: 'create-snapshot', domain, snapshot: 's', description: 'a b' })).toBe(
      `snapshot-create-as --domain ${uuidOf(1)} --name s --description a b`,
    );
  });

  it('has time for what it does: an image is copied for hours, a volume is deleted in a minute', () => {
    const seconds = (action: Action) => commandOf(action, new Virsh(new FakeLibvirt())).timeoutSeconds;
    const volume = { pool: 'p', volume: 'v' };
    expect(seconds({ kind: 'upload-volume', ...volume, file: '/f' })).toBe(24 * 3600);
    expect(seconds({ kind: 'managed-save', domain })).toBe(24 * 3600);
    expect(seconds({ kind: 'destroy', domain })).toBe(300);
    expect(seconds({ kind: 'delete-volume', ...volume })).toBe(60);
    expect(seconds({ kind: 'command', argv: ['true'], timeoutSeconds: 7 })).toBe(7);
  });

  it('gives XML on standard input', () => {
    const { argv, input } = commandOf({ kind: 'define', xml: '<domain/>' }, new Virsh(new FakeLibvirt()));
    expect({ argv, input }).toEqual({
      argv: ['virsh', '--quiet', 'define', '/dev/stdin'],
      input: '<domain/>',
    });
  });
});

describe('effects', () => {
  it('are libvirt’s, and its reason is the error’s', async () => {
    const fake = new FakeLibvirt([domain]);
    const effects = realEffects(new Virsh(fake));
    await effects.apply({ kind: 'start', domain });
    expect(fake.domain(domain.name).state).toBe('running');
    await expect(effects.apply({ kind: 'start', domain })).rejects.toThrow(/^Domain is already active$/);
  });

  it('of a dry run are shown, and not made', async () => {
    const fake = new FakeLibvirt([domain]);
    const lines: string[] = [];
    const effects = shownEffects(new Virsh(fake, 'qemu:///system'), (text) => lines.push(text));
    await effects.apply({ kind: 'start', domain });
    await effects.apply({ kind: 'define', xml: '<domain>\n</domain>\n' });
    await effects.apply({ kind: 'command', argv: ['qemu-img', 'info', "a'b"], timeoutSeconds: 1 });
    expect(lines).toEqual([
      `virsh --connect qemu:///system --quiet start ${uuidOf(1)}  # a b'$(id)\n`,
      'virsh --connect qemu:///system --quiet define /dev/stdin\n  <domain>\n  </domain>\n',
      "qemu-img info 'a'\\''b'\n",
    ]);
    expect(fake.started).toBe(0);
  });
});
