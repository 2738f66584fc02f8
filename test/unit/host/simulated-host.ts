import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, vi } from 'vitest';
import { type CommonOptions, type HostContext, openHost } from '../../../src/host/context/context.ts';
import type { HostSystem } from '../../../src/host/context/host-system.ts';
import type { SettingsFiles } from '../../../src/host/context/settings.ts';
import { METADATA, metadataText } from '../../../src/host/libvirt/metadata.ts';
import { orderContent } from '../../../src/host/order/guest-order.ts';
import { main } from '../../../src/host/program.ts';
import type { FileView } from '../../../src/machine/files/files.ts';
import { type FakeDomain, FakeLibvirt, uuidOf } from './fake-libvirt.ts';
import { type Ended, RecordedOutput } from './recorded-output.ts';

/** A guest of a test: a domain, with its place in the order. */
export interface GivenGuest extends Partial<Omit<FakeDomain, 'name' | 'uuid'>> {
  /** Attributes of the order's element; absent: it has no such element. */
  order?: Readonly<Record<string, string>>;
  /** Names of others. */
  requires?: readonly string[];
  after?: readonly string[];
}

/** A channel of a definition, whose socket is there only while it runs. */
export const channel = (name: string, state?: string, path?: string): string =>
  `<channel type='unix'>${path === undefined ? '' : `<source mode='bind' path='${path}'/>`}` +
  `<target type='virtio' name='${name}'${state === undefined ? '' : ` state='${state}'`}/></channel>`;

/** Files of root, by their paths. */
export const plainFiles = (
  texts: Readonly<Record<string, string>>,
): SettingsFiles & Pick<FileView, 'list'> => ({
  readText: (path) => texts[path],
  status: (path) =>
    texts[path] === undefined ? undefined : { kind: 'file', mode: 0o644, uid: 0, gid: 0, size: 1 },
  linkTarget: () => undefined,
  list: () => [],
});

export const AGENT = 'org.qemu.guest_agent.0';
export const REPORT = 'net.gandi.report.0';

/** Longer than any time limit of a test. */
const LONGEST_MILLISECONDS = 3_600_000;

/**
 * A host with a libvirt of its own in memory. Its time passes only while a command waits for it: a file of tests that
 * uses it calls {@link simulateTime}.
 */
export class SimulatedHost {
  readonly libvirt: FakeLibvirt;
  /** What was done to guests: the second, the command of virsh and the name, such as `5 start web`. */
  readonly timeline: string[] = [];
  /** Files of settings, by their paths. */
  readonly files: Record<string, string> = {};
  readonly environment: Record<string, string> = {};
  readonly output = new RecordedOutput();
  readonly #begin = performance.now();

  constructor(guests: Readonly<Record<string, GivenGuest>> = {}) {
    const names = Object.keys(guests);
    const named = (others: readonly string[] = []) =>
      others.map((name) => ({
        name,
        ...(names.includes(name) ? { uuid: uuidOf(names.indexOf(name)) } : {}),
      }));
    const domains = Object.entries(guests).map(([name, given], index): FakeDomain => {
      const { order, requires, after, ...domain } = given;
      const uuid = uuidOf(index);
      const values = { attributes: order ?? {}, requires: named(requires), after: named(after) };
      const text = order && metadataText('order', uuid, orderContent(values));
      const metadata = text === undefined ? {} : { [METADATA.order.uri]: text };
      return { metadata, ...domain, uuid, name };
    });
    this.libvirt = new FakeLibvirt(domains);
    this.libvirt.onAction = (command, { name }) => this.note(`${command} ${name}`);
  }

  /** Adds a line to the timeline. */
  note(what: string): void {
    this.timeline.push(`${this.seconds} ${what}`);
  }

  /** Whole seconds since it was made. */
  get seconds(): number {
    return Math.floor((performance.now() - this.#begin) / 1000);
  }

  get system(): HostSystem {
    return {
      commands: this.libvirt,
      files: plainFiles(this.files) as HostSystem['files'],
      environment: this.environment,
      output: this.output,
      now: () => new Date(Date.UTC(2026, 0, 1)),
      elapsed: () => performance.now(),
      sleep: (milliseconds) => new Promise((resolve) => void setTimeout(resolve, milliseconds)),
      cpus: 4,
      pid: 4711,
      uid: 0,
    };
  }

  /** What a command works with, for those that are called as functions. */
  context(options: CommonOptions = {}): HostContext {
    return openHost(this.system, options);
  }

  /** Runs a command line to its end. @throws what the command throws */
  run(...args: string[]): Promise<Ended> {
    return this.ended(() => main(args, this.system));
  }

  /** Lets simulated time pass until a command has ended. @throws what the command throws */
  async ended(command: () => Promise<number>): Promise<Ended> {
    let over = false;
    const settled = this.output.during(command).finally(() => {
      over = true;
    });
    // Who awaits it does so later.
    settled.catch(() => undefined);
    const begin = performance.now();
    while (!over) {
      // Code that is loaded by a command takes turns of the event loop, and no simulated time.
      await nextTurn();
      if (vi.getTimerCount() > 0) await vi.advanceTimersToNextTimerAsync();
      if (performance.now() - begin > LONGEST_MILLISECONDS) throw new Error('a command waits for ever');
    }
    return await settled;
  }
}

/** Lets time pass in the tests of a file only while a command of a {@link SimulatedHost} waits for it. */
export function simulateTime(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
}
