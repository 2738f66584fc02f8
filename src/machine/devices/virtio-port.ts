import { open } from 'node:fs/promises';
import { sleep } from '../runtime/sleep.ts';

/** The guest's end of a virtio-serial port. */
export interface VirtioPort {
  /**
   * What the host sent, as soon as something is there.
   * @returns undefined when nobody is connected at the host
   */
  read(): Promise<Uint8Array | undefined>;
  /** Returns when the host has taken it all; waits as long as nobody is connected there. */
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

const READ_BYTES = 64 * 1024;
/** As long as nobody is connected a read returns at once (drivers/char/virtio_console.c, port_fops_read). */
const LOOK_MILLISECONDS = 100;

/**
 * Opens a port, which waits in the kernel, not in this program: an idle one costs nothing.
 * @param path such as /dev/virtio-ports/net.gandi.exec.0
 * @throws the system's error, such as EBUSY where another process has it
 */
export async function openVirtioPort(path: string): Promise<VirtioPort> {
  const handle = await open(path, 'r+');
  const buffer = Buffer.alloc(READ_BYTES);
  return {
    async read() {
      const { bytesRead } = await handle.read(buffer, 0, READ_BYTES, null);
      if (bytesRead > 0) return Buffer.from(buffer.subarray(0, bytesRead));
      await sleep(LOOK_MILLISECONDS);
      return undefined;
    },
    async write(bytes) {
      for (let at = 0; at < bytes.length; )
        at += (await handle.write(bytes, at, bytes.length - at, null)).bytesWritten;
    },
    close: () => handle.close(),
  };
}
