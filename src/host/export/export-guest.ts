import { EXIT } from '../../terminal/exit-status.ts';
import { isRemote } from '../channel/remote-host.ts';
import type { HostContext } from '../context/context.ts';
import { isRunning } from '../guest/lifecycle.ts';
import { findVolume } from '../libvirt/storage.ts';
import { attributeOf, childrenOf, type Element, findElement, textOf } from '../libvirt/xml.ts';
import { findGuest } from '../record/find.ts';
import { type ExportedGuest, type ExportFormat, labelOf, manifestOf } from './manifest.ts';

const CONVERT_SECONDS = 24 * 3600;

/** What of a definition cannot be taken along. */
export function notesOf(definition: Element): string[] {
  const devices = findElement(definition, 'devices');
  const all = (name: string) => (devices === undefined ? [] : childrenOf(devices, name));
  const shares = all('filesystem').map(
    (share) =>
      `not taken along: the shared directory ${attributeOf(findElement(share, 'source'), 'dir') ?? ''}`,
  );
  const nics = all('interface').map((nic, index) => {
    const source = findElement(nic, 'source');
    const where =
      attributeOf(source, 'network') ?? attributeOf(source, 'bridge') ?? attributeOf(source, 'dev');
    return `interface ${index} was in ${where ?? 'a network of its own'}; its MAC address was ${attributeOf(findElement(nic, 'mac'), 'address') ?? 'none'}, by which the seed knows it`;
  });
  const boot = textOf(definition, 'os', 'kernel');
  const direct =
    boot === undefined
      ? []
      : [
          `the disk has no boot loader: give the engine the kernel and the initial RAM disk beside it, with root=LABEL=root rw`,
        ];
  return [...shares, ...nics, ...direct];
}

/**
 * Writes what another engine needs to run the same guest.
 * @param directory must not exist
 * @returns exit status
 */
export async function exportGuest(
  context: HostContext,
  name: string,
  { format, output: directory }: { format: ExportFormat; output: string },
): Promise<number> {
  const { virsh, effects } = context;
  if (isRemote(virsh.uri ?? ''))
    throw new Error(
      'the disks of a guest of another host are not here: run export there, with -c qemu:///system',
    );
  const guest = await findGuest(virsh, name);
  if (await isRunning(context, guest))
    throw new Error(`guest ${name} runs: stop it, or its disk would be torn`);
  const run = (...argv: [string, ...string[]]) =>
    effects.apply({ kind: 'command', argv, timeoutSeconds: CONVERT_SECONDS });
  await run('mkdir', '--', directory);
  const base = labelOf(name);
  const disks: { file: string; bytes: number }[] = [];
  let seed = '';
  for (const { pool, name: volume } of guest.record.volumes) {
    const found = await findVolume(virsh, pool, volume);
    if (found === undefined) throw new Error(`guest ${name}: its volume ${pool}/${volume} is gone`);
    if (volume.endsWith('.seed.img')) {
      seed = `${base}.seed.img`;
      await effects.apply({ kind: 'download-volume', pool, volume, file: `${directory}/${seed}` });
      continue;
    }
    const file = `${base}.${disks.length}.qcow2`;
    await run('qemu-img', 'convert', '-O', 'qcow2', '--', found.path, `${directory}/${file}`);
    disks.push({ file, bytes: found.capacity });
  }
  for (const part of ['kernel', 'initrd'] as const) {
    const path = textOf(guest.definition, 'os', part);
    if (path !== undefined) await run('cp', '--', path, `${directory}/${base}.${part}`);
  }
  const devices = findElement(guest.definition, 'devices');
  const exported: ExportedGuest = {
    name,
    memoryMebibytes: Math.ceil(Number(textOf(guest.definition, 'memory') ?? 0) / 1024),
    cpus: Number(textOf(guest.definition, 'vcpu') ?? 1),
    disks,
    seed,
    interfaces: devices === undefined ? 0 : childrenOf(devices, 'interface').length,
    notes: notesOf(guest.definition),
  };
  const { file, text } = manifestOf(format, exported);
  await effects.apply({
    kind: 'command',
    argv: ['tee', '--', `${directory}/${file}`],
    input: text,
    timeoutSeconds: 60,
  });
  context.tell(`${directory}/${file}`, { file: `${directory}/${file}` });
  return EXIT.ok;
}
