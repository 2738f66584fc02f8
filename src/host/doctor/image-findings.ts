import type { HostContext } from '../context/context.ts';
import { unchangedChain } from '../guest/golden-version.ts';
import { definedDomains } from '../libvirt/domains.ts';
import { metadataOf, ownMetadata } from '../libvirt/metadata.ts';
import { findVolume } from '../libvirt/storage.ts';
import { attributeOf } from '../libvirt/xml.ts';
import { isGolden, type OwnedEntry } from '../record/find.ts';
import { parseHostRecord } from '../record/host-record.ts';
import type { HostFinding } from './findings.ts';

const problem = (text: string, remedy: string): HostFinding => ({ level: 'problem', text, remedy });

/** What is wrong with a domain of ours, as far as its metadata can be read. */
async function problemsOf(context: HostContext, entry: OwnedEntry): Promise<HostFinding[]> {
  const { name, record } = entry;
  const found: HostFinding[] = [];
  const look = async (what: () => Promise<unknown>, remedy: string) => {
    try {
      await what();
    } catch (error) {
      found.push(problem(error instanceof Error ? error.message : String(error), remedy));
    }
  };
  if (record.damage !== undefined)
    found.push(problem(`the metadata of domain ${name} are damaged: ${record.damage}`, `virsh edit ${name}`));
  if (isGolden(entry)) {
    for (const version of entry.record.versions)
      await look(
        () => unchangedChain(context, entry, version),
        `gandi-host golden update ${name} makes a version anew`,
      );
  } else if (record.role === 'guest') {
    for (const { pool, name: volume, log } of record.volumes)
      await look(async () => {
        if (log || record.state === 'creating') return;
        if ((await findVolume(context.virsh, pool, volume)) === undefined)
          throw new Error(`guest ${name}: its volume ${pool}/${volume} is gone`);
      }, `gandi-host guest destroy ${name} removes what is left of it`);
  }
  return found;
}

/**
 * What is wrong with golden images and guests: metadata that cannot be read, volumes that are gone or were changed.
 * @throws LibvirtError
 */
export async function imageFindings(context: HostContext): Promise<HostFinding[]> {
  const findings: HostFinding[] = [];
  for (const domain of await definedDomains(context.virsh)) {
    const record = parseHostRecord(domain.definition);
    if (record !== undefined) findings.push(...(await problemsOf(context, { ...domain, record })));
    else if (ownMetadata(domain.definition, 'host', domain.uuid) !== undefined) {
      const role = attributeOf(metadataOf(domain.definition, 'host'), 'role');
      const text = `the metadata of domain ${domain.name} are damaged: role is "${role ?? ''}", expected golden or guest`;
      findings.push(problem(text, `virsh edit ${domain.name}`));
    }
  }
  // A pool that is away is one problem, however many volumes are in it.
  return findings.filter(({ text }, index) => findings.findIndex((one) => one.text === text) === index);
}
