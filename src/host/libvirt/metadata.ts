import {
  attributeOf,
  childrenOf,
  type Element,
  findElement,
  makeElement,
  type XmlNode,
  xmlText,
} from './xml.ts';

/**
 * Our elements in a domain's metadata, one for each namespace: libvirt drops a second one, and one without a namespace.
 * No secret ever goes into them: who may read a definition sees them.
 */
export const METADATA = {
  host: { uri: 'urn:gandi-guest:host:1', key: 'gandi-host', name: 'host' },
  order: { uri: 'urn:gandi-guest:order:1', key: 'gandi-order', name: 'order' },
} as const;

export type MetadataKind = keyof typeof METADATA;

/**
 * Our element of a definition.
 * @param definition a domain's root element
 * @returns undefined if the domain has none
 */
export function metadataOf(definition: Element, kind: MetadataKind): Element | undefined {
  const { uri, name } = METADATA[kind];
  const metadata = findElement(definition, 'metadata');
  if (metadata === undefined) return undefined;
  return childrenOf(metadata, name).find((element) => element.namespaceURI === uri);
}

/**
 * Our element, only if it is this domain's own: virt-clone copies it to the clone, which is nobody's guest.
 * @param definition a domain's root element
 * @param uuid the domain's
 */
export function ownMetadata(definition: Element, kind: MetadataKind, uuid: string): Element | undefined {
  const element = metadataOf(definition, kind);
  return attributeOf(element, 'uuid') === uuid ? element : undefined;
}

/**
 * Our element for a domain, as `virsh metadata --set` takes it.
 * @param uuid the domain's, which the element always holds
 */
export function metadataText(kind: MetadataKind, uuid: string, content: Omit<XmlNode, 'name'>): string {
  const { uri, name } = METADATA[kind];
  const attributes = { uuid, ...content.attributes };
  return xmlText(makeElement({ ...content, name, attributes }, uri));
}
