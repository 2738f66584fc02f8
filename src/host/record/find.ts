import { type DefinedDomain, definedDomains, domainDefinitions } from '../libvirt/domains.ts';
import type { Virsh } from '../libvirt/virsh.ts';
import { type Element, parseXml, textOf } from '../libvirt/xml.ts';
import { type GoldenRecord, type GuestRecord, type HostRecord, parseHostRecord } from './host-record.ts';

/** A domain of ours. */
export interface Owned<R extends HostRecord = HostRecord> {
  uuid: string;
  name: string;
  record: R;
  /** As its next start uses it. */
  definition: Element;
}

/** A domain of ours, with its state. */
export type OwnedEntry = DefinedDomain & Pick<Owned, 'record'>;

/** A golden image, with its state. */
export type GoldenEntry = OwnedEntry & { record: GoldenRecord };

export const isGolden = (entry: OwnedEntry): entry is GoldenEntry => entry.record.role === 'golden';

/**
 * All domains that carry our element with their own UUID.
 * @throws LibvirtError
 */
export async function ownedDomains(virsh: Virsh): Promise<OwnedEntry[]> {
  return (await definedDomains(virsh)).flatMap((domain) => {
    const record = parseHostRecord(domain.definition);
    return record === undefined ? [] : [{ ...domain, record }];
  });
}

/** The same of a domain whose name virsh takes for something else. */
async function definitionByName(virsh: Virsh, name: string): Promise<Element | undefined> {
  const { stdout, failure } = await virsh.ask('domuuid', '--domain', name);
  if (failure !== undefined) return undefined;
  const uuid = stdout.trim();
  const definition = (await domainDefinitions(virsh, [uuid])).get(uuid);
  return textOf(definition, 'name') === name ? definition : undefined;
}

async function findDomain(virsh: Virsh, name: string): Promise<Owned | undefined> {
  // It takes a number for an ID before it takes it for a name, and a UUID before both.
  const { stdout, failure } = await virsh.ask('dumpxml', '--inactive', '--domain', name);
  const found = failure === undefined ? parseXml(stdout) : undefined;
  const definition = textOf(found, 'name') === name ? found : await definitionByName(virsh, name);
  const record = definition && parseHostRecord(definition);
  if (definition === undefined || record === undefined) return undefined;
  return { uuid: record.uuid, name, record, definition };
}

/** @throws Error in one line if there is no golden image of that name */
export async function findGolden(virsh: Virsh, name: string): Promise<Owned<GoldenRecord>> {
  const found = await findDomain(virsh, name);
  if (found?.record.role !== 'golden')
    throw new Error(`there is no golden image ${name}; "gandi-host golden list" shows those that there are`);
  return { ...found, record: found.record };
}

/** @throws Error in one line if there is no guest of ours of that name */
export async function findGuest(virsh: Virsh, name: string): Promise<Owned<GuestRecord>> {
  const found = await findDomain(virsh, name);
  if (found?.record.role !== 'guest')
    throw new Error(`there is no guest ${name} of ours; "gandi-host guest list" shows those that there are`);
  return { ...found, record: found.record };
}

/** `NAME` or `NAME@V`. @returns the number undefined where none is named */
export function parseVersionName(text: string): { name: string; number?: number } {
  const [, name, number] = /^(.*)@(\d{1,9})$/.exec(text) ?? [];
  return name === undefined ? { name: text } : { name, number: Number(number) };
}
