import type { Output } from '../../../src/machine/runtime/output.ts';

/** How a command of gandi-host ended, and what it printed. */
export interface Ended {
  status: number;
  stdout: string;
  stderr: string;
}

/** What commands print, kept for a test. */
export class RecordedOutput implements Output {
  /** Whether commands take it for a terminal. */
  terminal = false;
  #said = { stdout: '', stderr: '' };

  // What parses arguments takes each function by itself.
  readonly print = (text: string): void => {
    this.#said.stdout += text;
  };

  readonly printError = (text: string): void => {
    this.#said.stderr += text;
  };

  readonly isTerminal = (): boolean => this.terminal;

  readonly columns = (): undefined => undefined;

  /** What a command prints from its start to its end. @throws what the command throws; it has printed until then */
  async during(command: () => Promise<number>): Promise<Ended> {
    this.#said = { stdout: '', stderr: '' };
    const status = await command();
    return { status, ...this.#said };
  }

  /** As src/host-main.ts tells of what a command throws. */
  async duringMain(command: () => Promise<number>): Promise<Ended> {
    try {
      return await this.during(command);
    } catch (error) {
      this.printError(`gandi-host: ${(error as Error).message}\n`);
      return { status: 1, ...this.#said };
    }
  }
}
