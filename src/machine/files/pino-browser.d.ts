/** The package describes its main entry alone; that for browsers has the same functions (https://getpino.io/#/docs/browser). */
declare module 'pino/browser.js' {
  import type { Logger, LoggerOptions } from 'pino';

  export default function pino(options: LoggerOptions): Logger;
}
