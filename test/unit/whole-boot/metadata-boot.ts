import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { askMetadata } from '../../../src/bootstrap/metadata-run.ts';
import { main as bootstrap } from '../../../src/bootstrap/start.ts';
import { parseJsonObject } from '../../../src/machine/changes/json-file.ts';
import type { Files } from '../../../src/machine/files/files.ts';
import { APPLIED_DIRECTORY } from '../../../src/machine/files/paths.ts';
import { describeFailure } from '../../../src/machine/runtime/errors.ts';
import { openstackAt } from '../../../src/metadata/openstack-service/source.ts';
import { defineSource, type Source } from '../../../src/metadata/source.ts';
import { SOURCES } from '../../../src/metadata/sources.ts';
import type { System } from '../../../src/plan/system.ts';
import { SimulatedCommands } from '../bootstrap/simulated-commands.ts';
import { treeState } from '../bootstrap/simulated-guest.ts';
import { capturedOutput } from '../captured-output.ts';
import { makeContext } from '../context.ts';
import { intercept } from '../fault-injection.ts';
import { type HttpService, httpService } from '../http-service.ts';
import { simulatedSystem } from '../simulated-system.ts';
import { temporaryRoot } from '../temporary-root.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJ me';

const USER_DATA = `#cloud-config
fqdn: os1.example.net
write_files: [{path: /etc/from-host, content: "host\\n"}]
runcmd: [[touch, /root/late]]
swap: {size: 0}
mounts: [[tmpfs, /srv/tmp, tmpfs, "size=1m"]]
`;

/** What the host says of a guest with one interface. */
const CONTENT: Record<string, string> = {
  '/openstack/latest/meta_data.json': JSON.stringify({
    uuid: 'd8e02d56-2648-49a3-bf97-6be8f1204f38',
    hostname: 'os1.example.net',
    public_keys: { mine: KEY },
    files: [{ path: '/etc/injected', content_path: '/content/0000' }],
  }),
  '/openstack/content/0000': 'injected\n',
  '/openstack/latest/network_data.json': JSON.stringify({
    links: [{ id: 'tap0', type: 'ovs', ethernet_mac_address: '00:16:3e:00:00:01' }],
    networks: [
      {
        id: 'n0',
        type: 'ipv4',
        link: 'tap0',
        ip_address: '192.0.2.10',
        netmask: '255.255.255.0',
        gateway: '192.0.2.1',
      },
    ],
    services: [{ type: 'dns', address: '192.0.2.53' }],
  }),
  '/openstack/latest/user_data': USER_DATA,
};

const TREE: Record<string, string> = {
  '/bin/bash': '',
  '/etc/group': 'root:x:0:\nsudo:x:27:\n',
  '/etc/hostname': 'old\n',
  '/etc/hosts': '127.0.0.1\tlocalhost\n',
  '/etc/network/interfaces': 'auto lo\niface lo inet loopback\n',
  '/etc/os-release': 'ID=debian\nVERSION_ID="13"\n',
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/bash\n',
  '/etc/resolv.conf': 'nameserver 10.0.0.1\n',
  '/etc/shadow': 'root:*:20000:0:99999:7:::\n',
  '/etc/skel/.bashrc': 'prompt\n',
  '/proc/self/mountinfo': '1 0 8:0 / / rw - ext4 /dev/root rw\n',
  '/proc/swaps': 'headings\n',
  '/proc/sys/kernel/random/boot_id': 'one\n',
  '/root/.bashrc': '',
  '/sbin/dhclient': '',
  '/sys/class/dmi/id/product_name': 'OpenStack Nova\n',
  '/sys/class/net/eth0/address': '00:16:3e:00:00:01\n',
  '/sys/class/net/eth0/device': '',
  '/var/log/gandi.log': '',
};

const APPLIED = `${APPLIED_DIRECTORY}/gandi-bootstrap.json`;

/** Of this boot, or with a time in it. */
const PASSED_OVER =
  /^\/(proc|run|sys)(\/|$)|^\/var\/log\/gandi\.log$|^\/var\/lib\/gandi\/(gandi-\w+\.json$|backup(\/|$)|steady(\/|$))/;

/** A guest of OpenStack without a ConfigDrive: both runs of a boot. */
export class MetadataBoot {
  readonly files: Files;
  readonly #service: HttpService;
  readonly #known: readonly Source[];
  readonly #system: System;

  private constructor(service: HttpService) {
    this.#service = service;
    this.files = temporaryRoot(TREE, '/dev/shm');
    const { files } = this;
    this.#known = SOURCES.map((source) =>
      source.name === 'openstack' ? defineSource(openstackAt([service.address])) : source,
    );
    const simulated = new SimulatedCommands(files, 2 ** 26);
    this.#system = simulatedSystem({
      open: () => ({ files, live: true }),
      commands: {
        run: (argv, options) =>
          ['systemctl', 'ifup', 'ifdown', 'ip', 'bash', 'systemd-run'].includes(argv[0])
            ? Promise.resolve({ argv, exitCode: 0, stdout: '', stderr: '' })
            : simulated.run(argv, options),
      },
      intercept,
      loadFacts: () => Promise.resolve({ observeFacts: () => makeContext().facts }),
    });
    this.restart();
  }

  /** A guest that has not booted yet. */
  static async make(): Promise<MetadataBoot> {
    return new MetadataBoot(await httpService(({ url = '' }) => CONTENT[url] ?? 404));
  }

  /** What was asked of the service. */
  get asked(): readonly string[] {
    return this.#service.asked;
  }

  /** What a reboot takes away. */
  restart(): void {
    rmSync(this.files.locate('/run'), { recursive: true, force: true });
    mkdirSync(this.files.locate('/run/gandi/interfaces'), { recursive: true });
    writeFileSync(this.files.locate('/proc/swaps'), 'headings\n');
  }

  /** The run before the network. @returns exit status */
  first(): Promise<number> {
    return bootstrap([], this.#system);
  }

  /** The run that asks the service. @returns exit status */
  second(): Promise<number> {
    // As src/call-program.ts says what fails.
    return askMetadata({ json: true }, this.#system, this.#known).catch((error: unknown) => {
      capturedOutput.printError(describeFailure(error, true));
      return 1;
    });
  }

  /** Both. */
  async boot(): Promise<number[]> {
    return [await this.first(), await this.second()];
  }

  /** All that lasts. */
  state(): Record<string, string> {
    const entries = Object.entries(treeState(this.files.root));
    const lasting = entries.filter(([path]) => !PASSED_OVER.test(path));
    return {
      ...Object.fromEntries(
        lasting.map(([path, what]) => [path, what.replaceAll(this.#service.address, 'the service')]),
      ),
      // In whichever order its parts came.
      [APPLIED]: JSON.stringify(Object.entries(parseJsonObject(this.files.readText(APPLIED)) ?? {}).sort()),
    };
  }
}
