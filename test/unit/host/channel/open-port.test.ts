import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openPort } from '../../../../src/host/channel/open-port.ts';
import { EXEC_PORT } from '../../../../src/host/guest/definition.ts';
import { Virsh } from '../../../../src/host/libvirt/virsh.ts';
import { FakeHost } from '../fake-host.ts';
import { uuidOf } from '../fake-libvirt.ts';

const guest = { uuid: uuidOf(1), name: 'web' };

function open(path: string | undefined) {
  const host = new FakeHost();
  const source = path === undefined ? '' : `<source mode="bind" path="${path}"/>`;
  const devices = `<channel type="unix">${source}<target type="virtio" name='${EXEC_PORT}'/></channel>`;
  host.libvirt.domains.push({ ...guest, devices, state: 'running' });
  return openPort(new Virsh(host), guest, EXEC_PORT);
}

describe('a guest’s port', () => {
  it('is opened by its socket, and takes bytes', async () => {
    const host = new FakeHost();
    const line = await open(host.port.path);
    expect(await line.write(Buffer.from('x'), performance.now() + 5000)).toBe(true);
    line.close();
  });

  it('that cannot be opened says what to do', async () => {
    await expect(open(undefined)).rejects.toThrow(`guest web has no port ${EXEC_PORT}, or does not run`);
    await expect(open('/nowhere/exec')).rejects.toThrow('ENOENT /nowhere/exec');
    const { port } = new FakeHost();
    const file = `${port.path}.file`;
    writeFileSync(file, '');
    await expect(open(file)).rejects.toThrow('ECONNREFUSED');
  });
});
