import { describe, expect, it } from 'vitest';
import { FakeHost, IMAGE } from '../fake-host.ts';

/** Commands that make something. */
const COMMANDS: string[][] = [
  ['golden', 'create', 'other', '--from', IMAGE],
  ['golden', 'create', 'child', '--from', 'base', '--packages', 'vim'],
  ['golden', 'update', 'base'],
  ['guest', 'create', 'web', '--from', 'base', '--disk', 'data:1G', '--disk', 'mail:2G:keep'],
  ['guest', 'create', 'web', '--from', 'base', '--start'],
  ['run', '--from', 'base', '--', 'true'],
  ['run', '--from', 'base', '--packages', 'vim', '--', 'true'],
];

async function hostWithBase(): Promise<FakeHost> {
  const host = new FakeHost();
  await host.gandiHost('golden', 'create', 'base', '--from', IMAGE);
  host.effects();
  return host;
}

/** Names of domains and volumes: of what is there already the time of its last use may change. */
const namesOf = ({ libvirt, storage }: FakeHost) => ({
  domains: libvirt.domains.map(({ name }) => name).sort(),
  volumes: storage.names(),
});

/** What is there once a command was killed behind so many effects, and cleanup has run. */
async function afterCut(command: readonly string[], effects: number): Promise<FakeHost> {
  const host = await hostWithBase();
  // Whoever is killed asks nothing and undoes nothing.
  host.refuse = () => (host.libvirt.done.length >= effects ? 'killed' : undefined);
  await host.gandiHost(...command);
  host.refuse = () => undefined;
  const { status, stderr } = await host.gandiHost('cleanup');
  expect({ status: [0, 3].includes(status), stderr }).toEqual({ status: true, stderr: '' });
  return host;
}

describe('a command that is killed behind any of its effects', () => {
  it.each(COMMANDS.map((command) => ({ command, name: command.join(' ') })))(
    'leaves nothing that cleanup does not remove: $name',
    async ({ command }) => {
      const before = namesOf(await hostWithBase());
      const whole = await hostWithBase();
      expect((await whole.gandiHost(...command)).status).toBe(0);
      const all = whole.effects().length;
      expect(all).toBeGreaterThan(3);
      for (let effects = 0; effects < all; effects++) {
        const names = namesOf(await afterCut(command, effects));
        // What was finished is there, and what was only begun is not.
        expect({
          effects,
          ...[before, namesOf(whole)].find((one) => JSON.stringify(one) === JSON.stringify(names)),
        }).toEqual({
          effects,
          ...names,
        });
      }
    },
  );
});

/** Commands that take something away. */
const REMOVALS: string[][] = [
  ['--yes', 'guest', 'destroy', 'web'],
  ['--yes', 'golden', 'remove', 'other'],
  ['golden', 'prune', '--keep', '1'],
];

async function hostWithAll(): Promise<FakeHost> {
  const host = await hostWithBase();
  await host.gandiHost('golden', 'update', 'base');
  await host.gandiHost('golden', 'create', 'other', '--from', IMAGE);
  await host.gandiHost('guest', 'create', 'web', '--from', 'base', '--disk', 'data:1G');
  host.effects();
  return host;
}

describe('a removal that is killed behind any of its effects', () => {
  it.each(REMOVALS.map((command) => ({ command, name: command.join(' ') })))(
    'comes to the same end when it is called again: $name',
    async ({ command }) => {
      const whole = await hostWithAll();
      const before = namesOf(whole);
      expect(await whole.gandiHost(...command)).toMatchObject({ status: 0, stderr: '' });
      expect(namesOf(whole)).not.toEqual(before);
      const all = whole.effects().length;
      for (let effects = 0; effects < all; effects++) {
        const host = await hostWithAll();
        host.refuse = () => (host.libvirt.done.length >= effects ? 'killed' : undefined);
        await host.gandiHost(...command);
        host.refuse = () => undefined;
        await host.gandiHost(...command);
        expect({ effects, ...namesOf(host) }).toEqual({ effects, ...namesOf(whole) });
      }
    },
  );
});
