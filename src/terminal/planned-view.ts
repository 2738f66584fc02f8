import type { Change } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import { renderPlanned } from './dry-run.ts';

/** Shows what a dry run would do: the name of each step once, and below it a change after the other. */
export class PlannedView {
  #shown: string | undefined;

  constructor(
    private readonly files: FileView,
    private readonly print: (text: string) => void,
  ) {}

  /** @param step absent: of none */
  show(step: string | undefined, change: Change, outcome: 'planned' | 'skipped'): void {
    this.#below(step, renderPlanned(change, outcome, this.files));
  }

  /** What explains the changes of a step. */
  explain(step: string, text: string): void {
    this.#below(step, `  ${text}\n`);
  }

  #below(step: string | undefined, text: string): void {
    const heading = step === undefined || step === this.#shown ? '' : `${step}:\n`;
    this.#shown = step;
    this.print(`${heading}${text}`);
  }
}
