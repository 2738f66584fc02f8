import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/longest-first.ts';

/** Settings of the person who runs the tests must not change them; only the cache's place, and where guests run, are theirs. */
for (const name of Object.keys(process.env)) {
  if (name.startsWith('GANDI_') && name !== 'GANDI_GUEST_CACHE' && name !== 'GANDI_GUESTS')
    delete process.env[name];
}

/**
 * Tests that only run commands in a guest: each is in one of two suites, by where its guest runs. One always has a disposable
 * guest, for it shows that they can; the others do by wish, for that takes twice the time where all is emulated.
 */
const inDisposableGuests = [
  process.env.GANDI_GUESTS === 'libvirt'
    ? 'test/guest/**/*.disposable.test.ts'
    : 'test/guest/config.disposable.test.ts',
];

const minutes = 60_000;
/** Each input of a property test may take so long on a busy machine: test/property-runs.ts. */
const propertyMilliseconds = 60 * Number(process.env.PROPERTY_RUNS ?? 0);
const globalSetup = 'test/global-setup.ts';

export default defineConfig({
  test: {
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text-summary', 'html'],
      thresholds: { lines: 97, branches: 90 },
    },
    // A guest keeps one core busy while it boots.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    // Switching guests off takes a moment.
    teardownTimeout: minutes,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          globalSetup,
          testTimeout: Math.max(minutes, propertyMilliseconds),
          // Each input may leave files to remove.
          hookTimeout: Math.max(minutes, propertyMilliseconds),
        },
      },
      {
        test: {
          name: 'packages',
          include: ['test/packages/**/*.test.ts'],
          exclude: ['test/packages/**/*.long.test.ts'],
          globalSetup: 'test/packages/global-setup.ts',
          testTimeout: 5 * minutes,
          // The first may build the guest's root file system.
          hookTimeout: 15 * minutes,
        },
      },
      {
        test: {
          name: 'host',
          include: ['test/host/**/*.test.ts'],
          exclude: ['test/host/**/*.long.test.ts'],
          // libvirtd was seen to end by itself.
          retry: 1,
          globalSetup: 'test/host/global-setup.ts',
          testTimeout: minutes,
          hookTimeout: minutes,
        },
      },
      {
        test: {
          name: 'guest',
          include: ['test/guest/**/*.test.ts'],
          exclude: ['test/guest/**/*.long.test.ts', ...inDisposableGuests],
          // An emulated guest on a busy machine can miss a time limit.
          retry: 1,
          globalSetup: 'test/guest/global-setup.ts',
          testTimeout: 5 * minutes,
          // The first may build the guest's root file system and wait for other workers that build it.
          hookTimeout: 15 * minutes,
        },
      },
      {
        // gandi-host against a libvirt of its own, with guests of golden images.
        test: {
          name: 'host-guests',
          include: ['test/host-guests/**/*.test.ts', ...inDisposableGuests],
          env: { GANDI_GUESTS: 'libvirt' },
          // As for the other guests.
          retry: 1,
          globalSetup: 'test/host-guests/global-setup.ts',
          testTimeout: 10 * minutes,
          hookTimeout: 15 * minutes,
        },
      },
      {
        // What needs many boots, waits for deadlines or is built for it alone, and would take CI past its 35 minutes: before a
        // release, or by hand.
        test: {
          name: 'long',
          include: ['test/**/*.long.test.ts'],
          retry: 1,
          globalSetup: [
            `test/${process.env.GANDI_GUESTS === 'libvirt' ? 'host-guests' : 'guest'}/global-setup.ts`,
            'test/packages/global-setup.ts',
          ],
          testTimeout: 5 * minutes,
          hookTimeout: 15 * minutes,
        },
      },
    ],
  },
});
