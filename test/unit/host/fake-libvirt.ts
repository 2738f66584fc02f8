import type { Argv, CommandResult, HostCommands, RunOptions } from '../../../src/host/commands/commands.ts';
import type { DomainState } from '../../../src/host/libvirt/domains.ts';

/** A domain of the fake. Its definition is a text with places for name, UUID and metadata. */
export interface FakeDomain {
  uuid: string;
  name: string;
  state?: DomainState;
  autostart?: boolean;
  saved?: boolean;
  persistent?: boolean;
  /** Elements of libvirt's metadata, by namespace, as they are stored. */
  metadata?: Record<string, string>;
  /** XML below `<devices>`. */
  devices?: string;
  /** The same of the domain as it runs; absent: as it is defined. */
  liveDevices?: string;
  /** Addresses with their prefix lengths, such as `192.0.2.1/24`, of the leases of its interface. */
  addresses?: readonly string[];
  /** It does nothing when it is asked to shut down. */
  deaf?: boolean;
}

/** What a command of virsh printed, and how it ended where that is not with 0. */
export type Answer = Partial<CommandResult>;

/** What a command does instead of what the fake does: undefined leaves it to the fake. */
export type Override = (words: readonly string[], options: RunOptions) => Answer | undefined;

const NUMBERS: Record<DomainState, number> = {
  'no state': 0,
  running: 1,
  blocked: 2,
  paused: 3,
  'shutting down': 4,
  'shut off': 5,
  crashed: 6,
  suspended: 7,
};

/** A UUID that is easy to read in a test. */
export const uuidOf = (number: number): string =>
  `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

/** How virsh ends where libvirt refuses something. */
export const refused = (message: string): Answer => ({
  exitCode: 1,
  stderr: `error: ${message}\n`,
  failure: `virsh: exit status 1: error: ${message}`,
});

/**
 * A libvirt without a host: it answers virsh's queries from its domains and does to them what actions ask for. Whatever else
 * is asked is an error of the test.
 */
export class FakeLibvirt implements HostCommands {
  readonly domains: FakeDomain[];
  /** Each command with an effect, and each program that is not virsh, in order. */
  readonly done: string[] = [];
  /** Processes that were started. */
  started = 0;
  /** Running ones by their ID. */
  readonly ids = new Map<string, FakeDomain>();
  override: Override = () => undefined;
  /** Is told of each command with an effect on a domain, before it is done. */
  onAction: (command: string, domain: FakeDomain) => void = () => undefined;
  #watchers: ((line: string) => void)[] = [];

  constructor(domains: readonly FakeDomain[] = []) {
    this.domains = domains.map((domain) => ({ ...domain }));
  }

  /** As virsh takes a word for a domain, which may be its ID, its UUID, or its name. */
  find(word: string): FakeDomain | undefined {
    const by = (key: 'uuid' | 'name') => this.domains.find((domain) => domain[key] === word);
    return this.ids.get(word) ?? by('uuid') ?? by('name');
  }

  domain(name: string): FakeDomain {
    const found = this.domains.find((domain) => domain.name === name);
    if (found === undefined) throw new Error(`the fake has no domain ${name}`);
    return found;
  }

  /** How many follow events. */
  get watchers(): number {
    return this.#watchers.length;
  }

  /** Tells those who follow events. */
  event(line: string): void {
    for (const watch of this.#watchers) watch(line);
  }

  async run(argv: Argv, options: RunOptions): Promise<CommandResult> {
    this.started++;
    const words = argv[0] === 'virsh' ? argv.slice(argv.indexOf('--quiet') + 1) : argv;
    const result = this.override(words, options) ?? this.#virsh(words, options);
    return { argv, exitCode: 0, stdout: '', stderr: '', ...result };
  }

  follow(argv: Argv, onLine: (line: string) => void) {
    if (!argv.includes('event')) throw new Error(`the fake does not follow ${argv.join(' ')}`);
    this.#watchers.push(onLine);
    let resolveEnded: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => {
      resolveEnded = resolve;
    });
    const end = () => {
      this.#watchers = this.#watchers.filter((watch) => watch !== onLine);
      resolveEnded();
    };
    return { ended, end };
  }

  runInForeground(argv: Argv): Promise<number> {
    this.done.push(argv.join(' '));
    return Promise.resolve(0);
  }

  #virsh(words: readonly string[], options: RunOptions): Answer {
    const [first = ''] = words;
    if (words.length > 1 || !first.includes(' ')) return this.#one(words, options);
    const results = first.split('; ').map((part) => {
      const inner = part.split(' ');
      if (inner[0] === 'echo') return { stdout: inner[1] };
      return this.override(inner, options) ?? this.#one(inner, options);
    });
    return {
      stdout: results.map(({ stdout = '' }) => stdout).join(''),
      stderr: results.map((result) => ('stderr' in result ? result.stderr : '')).join(''),
    };
  }

  #one(words: readonly string[], options: RunOptions): Answer {
    const [command = '', target = ''] = words.filter((word) => word !== '--inactive' && word !== '--domain');
    if (command === 'list') return { stdout: this.#list(words) };
    if (command === 'domstats') return { stdout: this.#states() };
    const domain = this.find(target);
    if (command === 'domxml-to-native') return { stdout: '/usr/bin/qemu-system-x86_64\n' };
    if (command === 'domuuid') return this.#uuid(words);
    if (command === 'domifaddr') return { stdout: addressRows(domain, words.at(-1)) };
    if (command === 'dumpxml') {
      const live = !words.includes('--inactive');
      return domain === undefined ? refused('no such domain') : { stdout: `${definition(domain, live)}\n` };
    }
    this.done.push(words.join(' '));
    if (command === 'define') return this.#define(String(options.input ?? ''));
    if (domain === undefined) return refused(`no domain ${target}`);
    this.onAction(command, domain);
    return this.#change(domain, words);
  }

  #uuid(words: readonly string[]): Answer {
    const found = this.domains.find(({ name }) => name === words.at(-1));
    return found === undefined
      ? refused(`failed to get domain '${words.at(-1)}'`)
      : { stdout: `${found.uuid}\n\n` };
  }

  #list(words: readonly string[]): string {
    const is = (word: string) => words.includes(word);
    const rows = this.domains.filter(
      ({ autostart = false, saved = false, persistent = true }) =>
        (!is('--autostart') || autostart) &&
        (!is('--with-managed-save') || saved) &&
        (!is('--persistent') || persistent),
    );
    return rows.map(({ uuid, name }) => `${uuid}${is('--name') ? ` ${name}` : ''}\n`).join('');
  }

  #states(): string {
    return this.domains
      .map(
        ({ name, state = 'shut off' }) =>
          `Domain: '${name}'\n  state.state=${NUMBERS[state]}\n  state.reason=0\n`,
      )
      .join('\n');
  }

  #define(xml: string): Answer {
    const uuid = /<uuid>(.*?)<\/uuid>/.exec(xml)?.[1] ?? uuidOf(900 + this.domains.length);
    const name = /<name>(.*?)<\/name>/.exec(xml)?.[1] ?? '';
    if (this.domains.some((domain) => domain.name === name && domain.uuid !== uuid))
      return refused(`domain '${name}' already exists with uuid`);
    if (!this.domains.some((domain) => domain.uuid === uuid)) this.domains.push({ uuid, name });
    return {};
  }

  #change(domain: FakeDomain, words: readonly string[]): Answer {
    const [command = '', , uri = ''] = words;
    const active = domain.state !== undefined && domain.state !== 'shut off';
    const to = (state: DomainState) => {
      domain.state = state;
      this.event(`event 'lifecycle' for domain '${domain.name}'`);
      return {};
    };
    switch (command) {
      case 'start':
        if (active) return refused('Domain is already active');
        domain.saved = false;
        return to('running');
      case 'resume':
        return to('running');
      case 'shutdown':
        if (domain.deaf) return {};
        return active ? to('shut off') : refused('domain is not running');
      case 'destroy':
        return active ? to('shut off') : refused('domain is not running');
      case 'managedsave':
        domain.saved = true;
        return to('shut off');
      case 'autostart':
        domain.autostart = !words.includes('--disable');
        return {};
      case 'undefine':
        this.domains.splice(this.domains.indexOf(domain), 1);
        return {};
      case 'metadata':
        domain.metadata = { ...domain.metadata };
        if (words.includes('--remove')) delete domain.metadata[uri];
        else domain.metadata[uri] = words[words.indexOf('--set') + 1] ?? '';
        return {};
      default:
        throw new Error(`the fake does not know virsh ${words.join(' ')}`);
    }
  }
}

/** As virsh-domain-monitor.c prints them, without its head. */
function addressRows(domain: FakeDomain | undefined, source: string | undefined): string {
  const addresses = source === 'lease' ? (domain?.addresses ?? []) : [];
  return addresses
    .map((address) => ` vnet0 52:54:00:00:00:01 ${address.includes(':') ? 'ipv6' : 'ipv4'} ${address}\n`)
    .join('');
}

function definition(domain: FakeDomain, live: boolean): string {
  const { uuid, name, metadata = {}, devices = '', liveDevices = devices } = domain;
  return `<domain type='test'>
  <name>${escaped(name)}</name>
  <uuid>${uuid}</uuid>
  <metadata>${Object.values(metadata).join('')}</metadata>
  <devices>${live ? liveDevices : devices}</devices>
</domain>`;
}
