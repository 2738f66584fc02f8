import { cpio } from './cpio/source.ts';
import { gandi } from './gandi/source.ts';
import { nocloud } from './nocloud/source.ts';
import { smartos } from './smartos/source.ts';
import type { Source } from './source.ts';

/** Every source there is, in the order in which they are asked. */
export const SOURCES: readonly Source[] = [gandi, smartos, nocloud, cpio];
