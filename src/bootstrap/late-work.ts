import type { StepContext } from '../plan/step.ts';
import { type LateWork, lateWorkMark } from '../state/late-work.ts';
import { lateFiles } from '../storage/source-files.ts';

/** What of the source's words gandi-postboot is to do; undefined if there is nothing, or if all of that is done. */
export function lateWork(context: StepContext): LateWork | undefined {
  const { host, settings, files } = context;
  const { files: asked, apt, packages, locale, timeServers, finalMessage, powerState } = host.parsed.config;
  const late = settings.switches.CONFIG_FILES && asked !== undefined ? lateFiles(context, asked).late : [];
  const work: LateWork = {
    ...(late.length === 0 ? {} : { files: late }),
    ...(apt === undefined ? {} : { apt }),
    ...(packages === undefined ? {} : { packages }),
    ...(locale === undefined ? {} : { locale }),
    ...(timeServers === undefined ? {} : { timeServers }),
    ...(finalMessage === undefined ? {} : { finalMessage }),
    ...(powerState === undefined ? {} : { powerState }),
  };
  if (Object.keys(work).length === 0) return undefined;
  const { path, content } = lateWorkMark(work);
  return files.readText(path) === content ? undefined : work;
}
