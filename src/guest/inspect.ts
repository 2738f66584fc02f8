import { cleanJson } from '../machine/runtime/clean-text.ts';
import { readSettings } from '../machine/settings/settings.ts';
import { loadHostConfiguration } from '../metadata/choose.ts';
import type { HostConfiguration } from '../metadata/guest-config.ts';
import type { System } from '../plan/system.ts';
import { areWarnings } from '../state/report.ts';
import { EXIT } from '../terminal/exit-status.ts';
import { renderProblem, renderSources } from '../terminal/summary.ts';
import { renderTable } from '../terminal/table.ts';

export interface InspectOptions {
  root: string;
  seed?: string;
  json?: boolean;
}

function swapLine({ gandi: { swap } = { hasInit: false } }: HostConfiguration): string {
  if (swap === undefined) return 'none was found';
  return `${swap.node}, found by ${swap.reason}; it holds ${swap.content} (${swap.state})`;
}

function members({ gandi: { archive } = { hasInit: false } }: HostConfiguration): string {
  if (archive === undefined) return 'none';
  return archive.members.map(({ name, length }) => `${name} (${length} bytes)`).join(', ');
}

function render(host: HostConfiguration): string {
  const facts = renderTable(
    ['what', 'found'],
    [
      ['configuration', host.state === 'none' ? 'none was found' : `${host.state}: ${host.origin}`],
      ...(host.instanceId === undefined ? [] : [['instance id', host.instanceId]]),
      ['archive', members(host)],
      ['swap disk', swapLine(host)],
    ],
  );
  const origins = host.parsed.origins.map(({ setting, value, field }) => [setting, value, field]);
  const settings = renderTable(['setting', 'value', 'from'], origins);
  const refused = host.parsed.problems.map(renderProblem);
  const sources = renderSources(host.looked ?? []);
  return [facts, sources, settings, refused.join('')].filter((part) => part !== '').join('\n');
}

/**
 * Shows what was found where, and which setting came from which field. Nothing is changed.
 * @returns exit status: 1 if something would be refused, 3 if nothing was found
 */
export async function inspect(options: InspectOptions, system: System): Promise<number> {
  const { commands, environment, output } = system;
  const { files, live } = system.open(options.root);
  const { hypervisor } = (await system.loadFacts()).observeFacts(files, live, environment);
  const { seed } = options;
  const host = await loadHostConfiguration({
    files,
    commands,
    live,
    hypervisor,
    sources: readSettings(files).sources,
    waitSeconds: 0,
    ...(seed === undefined ? {} : { seed }),
  });
  const { state, origin, instanceId, parsed, gandi: { archive, swap } = { hasInit: false } } = host;
  if (options.json === true) {
    const { origins, problems } = parsed;
    output.print(
      cleanJson({
        state,
        origin,
        instanceId,
        sources: host.looked,
        archive,
        swap,
        settings: origins,
        problems,
      }),
    );
  } else output.print(render(host));
  if (!areWarnings(parsed.problems)) return EXIT.failed;
  return state === 'none' ? EXIT.nothingFound : EXIT.ok;
}
