/**
 * What a step tells its reader beside its changes. `info` explains, `warning` asks to look, `problem` means that
 * something asked for was not done: the step has failed.
 */
export interface Note {
  level: 'info' | 'warning' | 'problem';
  text: string;
}
