import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';

/** Name of the one package of a {@link PackageSource}. */
export const PACKAGE = 'gandi-host-test';
/** What the package installs: its version, in a line. */
export const VERSION_FILE = `/usr/share/${PACKAGE}/version`;
/** It brings this, too: an image is sealed without it. */
export const OF_THE_BUILDER = '/root/.bash_history';

/** A source of Debian packages, with one package, that guests with user networking reach at their gateway. */
export class PackageSource {
  readonly #folder: string;
  readonly #server: Server;
  #index = '';
  #file = Buffer.alloc(0);

  private constructor(folder: string) {
    this.#folder = folder;
    this.#server = createServer((request, response) => {
      const name = request.url?.split('/').at(-1) ?? '';
      if (name === 'Packages') response.end(this.#index);
      else if (name === `${PACKAGE}.deb`) response.end(this.#file);
      else response.writeHead(404).end();
    });
  }

  /** @param folder for the package that is built */
  static async start(): Promise<PackageSource> {
    const source = new PackageSource(await mkdtemp(join(tmpdir(), 'packages-')));
    await new Promise<void>((resolve) => source.#server.listen(0, '127.0.0.1', resolve));
    return source;
  }

  /** As sources.list(5) has it. */
  get line(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `deb [trusted=yes] http://10.0.2.2:${port} ./`;
  }

  /** Gives the package in this version from now on. */
  async publish(version: number): Promise<void> {
    const tree = join(this.#folder, `tree-${version}`);
    await mkdir(join(tree, 'DEBIAN'), { recursive: true });
    await mkdir(join(tree, `usr/share/${PACKAGE}`), { recursive: true });
    const control = [
      `Package: ${PACKAGE}`,
      `Version: ${version}`,
      'Architecture: all',
      'Maintainer: nobody <nobody@example.org>',
      'Description: package of a test',
    ].join('\n');
    await writeFile(join(tree, 'DEBIAN/control'), `${control}\n`);
    await writeFile(join(tree, VERSION_FILE), `${version}\n`);
    await mkdir(join(tree, dirname(OF_THE_BUILDER)), { recursive: true, mode: 0o700 });
    await writeFile(join(tree, OF_THE_BUILDER), 'apt-get install\n');
    const file = join(this.#folder, `${version}.deb`);
    await execa('dpkg-deb', ['--root-owner-group', '--build', tree, file]);
    this.#file = await readFile(file);
    const digest = createHash('sha256').update(this.#file).digest('hex');
    const { length } = this.#file;
    this.#index = `${control}\nFilename: ./${PACKAGE}.deb\nSize: ${length}\nSHA256: ${digest}\n`;
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
