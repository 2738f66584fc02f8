import { appendFileSync, chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import type { CommandOptions, CommandResult, Commands } from '../../../src/machine/commands/commands.ts';
import type { Files } from '../../../src/machine/files/files.ts';

/** Of the account that is made: UID_MIN of login.defs(5). */
const FIRST_ID = 1000;
const isRoot = process.getuid?.() === 0;

/** What the outside programs of a first boot do, as far as bootstrap can see it. Any other program is missing. */
export class SimulatedCommands implements Commands {
  /** In bytes; resize2fs gives it the size of its device. */
  fileSystemBytes: number;

  constructor(
    private readonly files: Files,
    private readonly deviceBytes: number,
  ) {
    this.fileSystemBytes = deviceBytes / 2;
  }

  run(argv: readonly [string, ...string[]], { input = '' }: CommandOptions): Promise<CommandResult> {
    const [program, ...parameters] = argv;
    const failed = this.#effect(program, parameters, input);
    const result = { argv, stdout: '', stderr: '' };
    if (failed === undefined) return Promise.resolve({ ...result, exitCode: 0 });
    if (typeof failed === 'string') return Promise.resolve({ ...result, failure: failed });
    const failure = `${program}: exit status ${failed}`;
    return Promise.resolve({ ...result, exitCode: failed, failure });
  }

  /** @returns exit status, or why it has none; undefined for 0 */
  #effect(program: string, parameters: string[], input: string): string | number | undefined {
    const last = parameters.at(-1) ?? '';
    switch (program) {
      case 'swapon':
        this.#append('/proc/swaps', `${last} partition 1 0 -2\n`);
        return undefined;
      case 'useradd':
        this.addAccount(last, parameters);
        // A home that is there is left as it is.
        if (this.files.status(`/home/${last}`) === undefined) this.addHome(last);
        return undefined;
      case 'usermod':
        this.#joinGroup(parameters[2] ?? '', last);
        return undefined;
      case 'userdel':
        for (const file of ['passwd', 'shadow', 'group']) this.#remove(`/etc/${file}`, last);
        return this.#removeHome(`/home/${last}`);
      case 'chpasswd':
        for (const line of input.trimEnd().split('\n')) this.#setPassword(line);
        return undefined;
      case 'depmod':
        writeFileSync(this.files.locate(`/lib/modules/${last}/modules.dep`), 'kernel/a.ko:\n');
        return undefined;
      case 'sync':
        return undefined;
      case 'resize2fs':
        this.fileSystemBytes = this.deviceBytes;
        return undefined;
      default:
        return `${program} is not installed`;
    }
  }

  /** The first half of what useradd(8) does, as far as these files. */
  addAccount(
    name: string,
    parameters: readonly string[],
    written: readonly string[] = ['passwd', 'shadow', 'group'],
  ): void {
    if (written.includes('passwd'))
      this.#append('/etc/passwd', `${name}:x:1000:1000::/home/${name}:/bin/bash\n`);
    if (written.includes('shadow')) this.#append('/etc/shadow', `${name}:!:20000:0:99999:7:::\n`);
    if (written.includes('group')) this.#append('/etc/group', `${name}:x:1000:\n`);
    const group = parameters.indexOf('-G');
    if (written.includes('group') && group >= 0) this.#joinGroup(parameters[group + 1] ?? '', name);
  }

  /** The second half. */
  addHome(name: string): void {
    const home = this.files.locate(`/home/${name}`);
    mkdirSync(home, { recursive: true });
    for (const file of this.files.list('/etc/skel')) {
      writeFileSync(`${home}/${file}`, this.files.readText(`/etc/skel/${file}`) ?? '', { mode: 0o644 });
      if (isRoot) chownSync(`${home}/${file}`, FIRST_ID, FIRST_ID);
    }
    if (isRoot) chownSync(home, FIRST_ID, FIRST_ID);
  }

  #removeHome(path: string): number | undefined {
    const home = this.files.status(path);
    if (home !== undefined && isRoot && home.uid !== FIRST_ID) return 12;
    rmSync(this.files.locate(path), { recursive: true, force: true });
    return undefined;
  }

  #append(path: string, text: string): void {
    appendFileSync(this.files.locate(path), text);
  }

  #edit(path: string, edit: (line: string) => string): void {
    const lines = (this.files.readText(path) ?? '').split('\n');
    writeFileSync(this.files.locate(path), lines.map(edit).join('\n'));
  }

  /** Removes the line of that name, and the name from the members of groups. */
  #remove(path: string, name: string): void {
    const lines = (this.files.readText(path) ?? '')
      .split('\n')
      .filter((line) => !line.startsWith(`${name}:`));
    const others = lines.map((line) => line.replace(new RegExp(`([:,])${name}$`), '$1'));
    writeFileSync(this.files.locate(path), others.join('\n'));
  }

  #joinGroup(group: string, name: string): void {
    this.#edit('/etc/group', (line) => {
      if (!line.startsWith(`${group}:`) || line.split(/[:,]/).slice(3).includes(name)) return line;
      return line.endsWith(':') ? `${line}${name}` : `${line},${name}`;
    });
  }

  #setPassword(line: string): void {
    const [name, hash] = line.split(':');
    this.#edit('/etc/shadow', (old) =>
      old.startsWith(`${name}:`)
        ? old
            .split(':')
            .with(1, hash ?? '')
            .join(':')
        : old,
    );
  }
}
