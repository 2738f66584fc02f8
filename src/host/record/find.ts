import { type DefinedDomain, definedDomains, parseNames } from '../libvirt/domains.ts';
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

/** There is no domain of ours of that name: libvirt has said so. */
export class NotThere extends Error {
  override readonly name = 'NotThere';
}

/** What a search finds; undefined where nothing is there. @throws what the search throws, where libvirt did not answer */
export async function ifThere<T>(search: Promise<T>): Promise<T | undefined> {
  try {
    return await search;
  } catch (error) {
    if (error instanceof NotThere) return undefined;
    throw error;
  }
}

/** The same of a domain whose name virsh takes for something else, or where it did not answer. @throws LibvirtError */
async function definitionByName(virsh: Virsh, name: string): Promise<Element | undefined> {
  const [list = ''] = await virsh.queryWhole([['list', '--all', '--uuid', '--name']]);
  const names = parseNames(list);
  const uuid = names.find((known) => known.name === name)?.uuid;
  return uuid === undefined ? undefined : parseXml(await virsh.query('dumpxml', '--inactive', uuid));
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

/** @throws NotThere if there is no golden image of that name; LibvirtError */
export async function findGolden(virsh: Virsh, name: string): Promise<Owned<GoldenRecord>> {
  const found = await findDomain(virsh, name);
  if (found?.record.role !== 'golden')
    throw new NotThere(
      `there is no golden image ${name}; "gandi-host golden list" shows those that there are`,
    );
  return { ...found, record: found.record };
}

/** @throws NotThere if there is no guest of ours of that name; LibvirtError */
export async function findGuest(virsh: Virsh, name: string): Promise<Owned<GuestRecord>> {
  const found = await findDomain(virsh, name);
  if (found?.record.role !== 'guest')
    throw new NotThere(
      `there is no guest ${name} of ours; "gandi-host guest list" shows those that there are`,
    );
  return { ...found, record: found.record };
}

/** `NAME` or `NAME@V`. @returns the number undefined where none is named */
export function parseVersionName(text: string): { name: string; number?: number } {
  const [, name, number] = /^(.*)@(\d{1,9})$/.exec(text) ?? [];
  return name === undefined ? { name: text } : { name, number: Number(number) };
}
