import { createServer, type Server, type Socket } from 'node:net';
import { type HostBehaviour, MetadataHost } from '../metadata-host.ts';

/** A metadata host behind a machine's second serial port. What it does may change from boot to boot. */
export class SerialMetadataHost {
  readonly host: MetadataHost;
  readonly path: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(path: string, behaviour: HostBehaviour) {
    this.path = path;
    this.host = new MetadataHost(behaviour);
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      this.host.serve(socket);
    });
  }

  /** Listens at a socket, to which QEMU connects. */
  static async listen(path: string, behaviour: HostBehaviour): Promise<SerialMetadataHost> {
    const host = new SerialMetadataHost(path, behaviour);
    await new Promise<void>((resolve) => host.#server.listen(path, resolve));
    return host;
  }

  /** What it does from now on; what it saw before is forgotten. */
  behave(behaviour: HostBehaviour): void {
    this.host.behaviour = behaviour;
    this.host.seen.length = 0;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}
