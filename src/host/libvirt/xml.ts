import { DOMParser, type Document, type Element, type Node, ParseError, XMLSerializer } from '@xmldom/xmldom';

export type { Document, Element };

const ELEMENT_NODE = 1;

/**
 * Reads an XML document of libvirt's.
 * @returns its root element; undefined if it is no well-formed XML
 */
export function parseXml(text: string): Element | undefined {
  // Anything but warnings is thrown: half a document is none.
  const onError = (level: string, message: string) => {
    if (level !== 'warning') throw new ParseError(message);
  };
  try {
    return new DOMParser({ onError }).parseFromString(text, 'text/xml').documentElement ?? undefined;
  } catch (error) {
    if (error instanceof ParseError || error instanceof DOMException) return undefined;
    throw error;
  }
}

/** An element as text, with the declarations of its namespaces. */
export const xmlText = (element: Element): string => new XMLSerializer().serializeToString(element);

/**
 * What an element is to be made of, as data.
 * @example { name: 'disk', attributes: { type: 'file' }, children: [{ name: 'source' }] }
 */
export interface XmlNode {
  /** With a prefix where it has one, such as `order:after`; the prefix is declared by {@link namespace}. */
  name: string;
  attributes?: Readonly<Record<string, string | number | undefined>>;
  text?: string;
  children?: readonly XmlNode[];
}

function build(document: Document, node: XmlNode, namespace: string | null): Element {
  const element = document.createElementNS(namespace, node.name);
  for (const [name, value] of Object.entries(node.attributes ?? {})) {
    if (value !== undefined) element.setAttribute(name, String(value));
  }
  if (node.text !== undefined) element.appendChild(document.createTextNode(node.text));
  for (const child of node.children ?? []) element.appendChild(build(document, child, namespace));
  return element;
}

/**
 * Makes an element.
 * @param namespace of it and all below it; absent: none
 */
export function makeElement(node: XmlNode, namespace: string | null = null): Element {
  const document = new DOMParser().parseFromString('<x/>', 'text/xml');
  return build(document, node, namespace);
}

/** Adds an element, made of data, as the last child. It has no namespace, as libvirt's own have none. */
export function appendNode(parent: Element, node: XmlNode): Element {
  const document = parent.ownerDocument;
  if (document === null) throw new Error(`the element ${parent.tagName} belongs to no document`);
  const element = build(document, node, null);
  parent.appendChild(element);
  return element;
}

const isElement = (node: Node): node is Element => node.nodeType === ELEMENT_NODE;

/** Child elements, or those of one name without its prefix. */
export function childrenOf(element: Element, name?: string): Element[] {
  const children = [...element.childNodes].filter(isElement);
  return name === undefined ? children : children.filter((child) => child.localName === name);
}

/** The first element by a path of names, such as `devices`, `disk`; undefined if there is none. */
export function findElement(element: Element | undefined, ...path: readonly string[]): Element | undefined {
  const [name, ...rest] = path;
  if (element === undefined || name === undefined) return element;
  return findElement(childrenOf(element, name)[0], ...rest);
}

/** Text of the first element by a path of names, without blanks around it; undefined if there is none. */
export const textOf = (element: Element | undefined, ...path: readonly string[]): string | undefined =>
  findElement(element, ...path)?.textContent?.trim();

/** An attribute's value; undefined if it is not there. */
export const attributeOf = (element: Element | undefined, name: string): string | undefined =>
  element?.getAttribute(name) ?? undefined;
