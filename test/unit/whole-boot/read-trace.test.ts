import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { dirname } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { captureOutput } from '../captured-output.ts';
import { SimulatedBoot } from './simulated-boot.ts';

const said = captureOutput();

/** What node:fs has to look at a path. */
const LOOKS = [
  'accessSync',
  'existsSync',
  'lstatSync',
  'openSync',
  'opendirSync',
  'readFileSync',
  'readdirSync',
  'readlinkSync',
  'realpathSync',
  'statSync',
  'statfsSync',
] as const;

const original = Object.fromEntries(LOOKS.map((name) => [name, fs[name]])) as Pick<
  typeof fs,
  (typeof LOOKS)[number]
>;

afterEach(() => {
  Object.assign(fs, original);
  syncBuiltinESMExports();
});

/** Has each look at a path told. */
function watch(onLook: (path: string) => void): void {
  for (const name of LOOKS) {
    const look = original[name] as (...args: unknown[]) => unknown;
    const told = (...args: unknown[]) => {
      if (typeof args[0] === 'string') onLook(args[0]);
      return look(...args);
    };
    Object.assign(fs, { [name]: Object.assign(told, look) });
  }
  syncBuiltinESMExports();
}

/** Whose change is no news, and why. */
const NOT_NOTED = [
  // Where keys go is looked at while they are written: a guest whose sshd reads them elsewhere later is not configured anew.
  /^\/(etc\/ssh|usr\/sbin\/sshd)(\/|$)/,
  // Our own log, which is only written.
  /^\/var\/log(\/gandi\.log)?$/,
  // Ways to tell the host, which come and go, and change nothing in the guest; what is left for its last word, and by a failure.
  /^\/(dev|sys\/class)\/virtio-ports(\/|$)/,
  /^\/(native|dev\/xen)(\/|$)/,
  /^\/run\/gandi\/(ready-by-program|gandi-bootstrap\.failed)$/,
  /^\/var\/lib\/gandi\/ready-line$/,
];

it('whatever gandi-bootstrap reads of the guest is noted for the next boot, and it asks no program', async () => {
  const boot = await SimulatedBoot.make();
  try {
    const { root } = boot.files;
    const looked = new Set<string>();
    watch((path) => {
      if (boot.running?.isChanging === false && path.startsWith(`${root}/`))
        looked.add(path.slice(root.length));
    });
    const { trace, asked } = await boot.bootstrapWithTrace();
    expect(said.stderr).not.toContain('problem');
    const onTheWay = new Set([...trace.paths].flatMap(withParents));
    const left = [...looked].filter(
      (path) => !onTheWay.has(path) && !NOT_NOTED.some((pattern) => pattern.test(path)),
    );
    expect(left).toEqual([]);
    expect(asked).toEqual([]);
    expect(looked.size).toBeGreaterThan(100);
  } finally {
    boot.remove();
  }
});

/** A path and the directories that lead to it. */
function withParents(path: string): string[] {
  return path === '/' ? [path] : [path, ...withParents(dirname(path))];
}
