import type { HostSockets, Listening } from '../commands/sockets.ts';
import { domainDefinitions, isActive, listDomains } from '../libvirt/domains.ts';
import type { Virsh } from '../libvirt/virsh.ts';
import type { Element } from '../libvirt/xml.ts';
import { type HostGuest, hasAgent, portsOf, REPORT_PORT } from './host-guests.ts';

/** What a look at guests found. */
export interface Looked {
  ready: string[];
  /** UUIDs of those that are off. */
  gone: string[];
}

const CONNECT_MILLISECONDS = 1000;
const COMMAND_SECONDS = 30;
const SSH_PORT = 22;
/** RFC 4253, section 4.2. */
const SSH_GREETING = 'SSH-';

/** @param line of the report port @returns whether the toolkit says with it that the guest is ready */
export function saysReady(line: string): boolean {
  if (!line.includes('ready')) return false;
  try {
    const said: unknown = JSON.parse(line);
    return typeof said === 'object' && said !== null && 'stage' in said && said.stage === 'ready';
  } catch {
    // A guest may write what it likes there.
    return false;
  }
}

/** @param text of `virsh domifaddr`, whose rows end with protocol, address and prefix length */
export function parseAddresses(text: string): string[] {
  return [...text.matchAll(/\s(?:ipv4|ipv6)\s+(\S+)\/\d+\s*$/gm)].flatMap(([, address]) => address ?? []);
}

/** Looks whether guests are ready; what it asks libvirt, it asks of all by one process. */
export class ReadinessWatch {
  readonly #virsh: Virsh;
  readonly #sockets: HostSockets;
  readonly #onNews: () => void;
  readonly #listening = new Map<string, Listening>();
  readonly #said = new Set<string>();

  /** @param onNews is called when a guest may be ready */
  constructor(virsh: Virsh, sockets: HostSockets, onNews: () => void) {
    this.#virsh = virsh;
    this.#sockets = sockets;
    this.#onNews = onNews;
  }

  close(): void {
    for (const listening of this.#listening.values()) listening.close();
    this.#listening.clear();
  }

  /** @throws LibvirtError */
  async look(guests: readonly HostGuest[]): Promise<Looked> {
    const active = new Set((await listDomains(this.#virsh)).filter(isActive).map(({ uuid }) => uuid));
    const running = guests.filter(({ uuid }) => active.has(uuid));
    const asked = running.filter(({ ready: { by } }) => by === 'channel' || by === 'agent');
    const uuids = asked.map(({ uuid }) => uuid);
    const definitions =
      uuids.length === 0 ? new Map<string, Element>() : await domainDefinitions(this.#virsh, uuids, 'live');
    const ready = await Promise.all(
      running.map(async (guest) =>
        (await this.#isReady(guest, definitions.get(guest.uuid))) ? [guest.uuid] : [],
      ),
    );
    return { ready: ready.flat(), gone: guests.flatMap(({ uuid }) => (active.has(uuid) ? [] : [uuid])) };
  }

  async #isReady({ uuid, name, ready }: HostGuest, definition: Element | undefined): Promise<boolean> {
    switch (ready.by) {
      case 'running':
      case 'delay':
        return true;
      case 'agent':
        return definition !== undefined && hasAgent(definition);
      case 'channel':
        return this.#listen(uuid, definition);
      case 'tcp':
        return this.#answers(uuid, ready.port, '');
      case 'ssh':
        return this.#answers(uuid, SSH_PORT, SSH_GREETING);
      case 'command': {
        // The admin's own words, for a shell; the guest's name and UUID are arguments of it.
        const argv = ['sh', '-c', ready.command, 'ready', name, uuid] as const;
        const { exitCode } = await this.#virsh.commands.run(argv, { timeoutSeconds: COMMAND_SECONDS });
        return exitCode === 0;
      }
    }
  }

  #listen(uuid: string, definition: Element | undefined): boolean {
    const path = definition && portsOf(definition).find(({ name }) => name === REPORT_PORT)?.path;
    if (path !== undefined && !this.#listening.has(uuid)) {
      const onLine = (line: string) => {
        if (!saysReady(line)) return;
        this.#said.add(uuid);
        this.#onNews();
      };
      // It is tried again by the next look.
      const onEnd = () => this.#listening.delete(uuid);
      this.#listening.set(uuid, this.#sockets.lines(path, onLine, onEnd));
    }
    return this.#said.has(uuid);
  }

  async #answers(uuid: string, port: number, greeting: string): Promise<boolean> {
    const texts = await this.#virsh.queryAll([
      ['domifaddr', uuid, '--source', 'lease'],
      ['domifaddr', uuid, '--source', 'agent'],
      ['domifaddr', uuid, '--source', 'arp'],
    ]);
    const addresses = [...new Set(texts.flatMap(parseAddresses))].filter(
      (address) => address !== '127.0.0.1' && address !== '::1',
    );
    const answers = await Promise.all(
      addresses.map((address) => this.#sockets.answers(address, port, greeting, CONNECT_MILLISECONDS)),
    );
    return answers.includes(true);
  }
}
