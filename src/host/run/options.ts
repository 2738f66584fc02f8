import type { GuestOptions } from '../guest/options.ts';
import type { DiscardPolicy } from './discard.ts';

interface CommandOptions {
  discard: DiscardPolicy;
  user?: string;
  input?: string;
  timeout?: number;
  readyTimeout: number;
}

export type RunOptions = GuestOptions &
  CommandOptions & { packages: string[]; source: string[]; workDirectory: string };
export type ExecOptions = CommandOptions;
