import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ControlShell } from './control-shell.ts';
import { HotPlug } from './hot-plug.ts';
import { type MachineFiles, type MachineOptions, qemuArguments } from './machine.ts';
import { newerQemu } from './newer-qemu.ts';
import { QemuProcess } from './qemu-process.ts';
import { Qmp } from './qmp.ts';
import { freePort } from './ssh.ts';

/** One run of an emulated machine, from switching it on until it is off, and the ways to act on it. */
export interface RunningMachine {
  readonly process: QemuProcess;
  readonly qmp: Qmp;
  readonly shell: ControlShell;
  readonly hotPlug: HotPlug;
  /** The port on 127.0.0.1 that leads to the guest's SSH server. */
  readonly sshPort: number | undefined;
  /** Holds the sockets; removed when the machine is off. */
  readonly folder: string;
}

/** @throws with QEMU's message when it does not accept the machine. */
export async function startMachine(options: MachineOptions): Promise<RunningMachine> {
  const { interfaces = [] } = options;
  const folder = mkdtempSync(join(tmpdir(), 'gandi-guest-'));
  const file = (name: string) => join(folder, name);
  const files: MachineFiles = {
    folder,
    console: file('console'),
    qmp: file('qmp'),
    control: file('control'),
  };
  const sshInterface = interfaces.findIndex((nic) => nic.guestAddress !== undefined);
  const sshPort = sshInterface === -1 ? undefined : await freePort();
  const forwards = new Map(sshPort === undefined ? [] : [[sshInterface, sshPort]]);
  const process = new QemuProcess(await newerQemu(), qemuArguments(options, files, forwards), files.console);
  const ended = process.ended.then((how) => {
    rmSync(folder, { recursive: true, force: true });
    return how;
  });
  try {
    const connections = Promise.all([Qmp.open(files.qmp), ControlShell.open(files.control)]);
    const [qmp, shell] = await Promise.race([connections, failWith(ended)]);
    void ended.then((how) => {
      shell.close(how);
      qmp.close();
    });
    const counts = {
      disks: options.disks.length,
      interfaces: interfaces.length,
      rootPorts: options.hotplugPorts ?? 0,
    };
    return { process, qmp, shell, hotPlug: new HotPlug(qmp, counts), sshPort, folder };
  } catch (error) {
    await process.kill();
    throw error;
  }
}

async function failWith(ended: Promise<string>): Promise<never> {
  throw new Error(await ended);
}
