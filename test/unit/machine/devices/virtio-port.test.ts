import { closeSync, openSync, readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { openVirtioPort } from '../../../../src/machine/devices/virtio-port.ts';
import { run } from '../../images.ts';
import { temporaryRoot } from '../../temporary-root.ts';

/** More than a pipe holds (pipe(7)): 64 KiB. */
const MORE_THAN_A_PIPE = 150_000;

/** A pipe that stands for a port with somebody at the host. */
function connected(): string {
  const path = `${temporaryRoot().root}/port`;
  run('mkfifo', [path]);
  return path;
}

it('gives what the host sent as soon as it is there, in bytes that a later read does not change', async () => {
  const path = connected();
  const port = await openVirtioPort(path);
  const waiting = port.read();
  await port.write(Buffer.from('first\0'));
  const first = await waiting;
  await port.write(Buffer.from('second'));
  expect(Buffer.from((await port.read()) ?? []).toString()).toBe('second');
  expect(Buffer.from(first ?? []).toString()).toBe('first\0');
  await port.close();
});

it('has written when the host has taken it all', async () => {
  const path = connected();
  const port = await openVirtioPort(path);
  const host = openSync(path, 'r+');
  let isDone = false;
  const sent = Buffer.from(Array.from({ length: MORE_THAN_A_PIPE }, (_, index) => index % 251));
  const writing = port.write(sent).then(() => {
    isDone = true;
  });
  const taken = Buffer.alloc(MORE_THAN_A_PIPE);
  // What does not fit into the pipe is on its way until somebody reads.
  await sleep(50);
  expect(isDone).toBe(false);
  let at = 0;
  while (at < taken.length) at += readSync(host, taken, at, taken.length - at, null);
  await writing;
  expect(taken.equals(sent)).toBe(true);
  closeSync(host);
  await port.close();
});

it('says that nobody is connected, and does not ask again at once', async () => {
  const { root } = temporaryRoot({ '/port': 'last words' });
  const port = await openVirtioPort(`${root}/port`);
  expect(Buffer.from((await port.read()) ?? []).toString()).toBe('last words');
  const began = performance.now();
  expect(await port.read()).toBeUndefined();
  expect(performance.now() - began).toBeGreaterThanOrEqual(95);
  await port.close();
});

it('fails with the system’s error where there is no port', async () => {
  await expect(openVirtioPort(`${temporaryRoot().root}/none`)).rejects.toMatchObject({ code: 'ENOENT' });
});
