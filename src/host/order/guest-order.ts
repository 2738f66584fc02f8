import { attributeOf, childrenOf, type Element, type XmlNode } from '../libvirt/xml.ts';
import {
  parseReadiness,
  parseSeconds,
  READINESS_EXPECTED,
  type Readiness,
  SECONDS_EXPECTED,
} from './readiness.ts';

/** A guest that another one names: by UUID, so that a rename breaks nothing, and by name, for people. */
export interface GuestName {
  name: string;
  uuid?: string;
}

export type OnTimeout = 'leave' | 'save' | 'destroy';

/** What a guest's metadata say of its place in the order. */
export interface GuestOrder {
  /** From 1 on: lower ones start first. 0: it stays off. Absent: it is started where another guest requires it. */
  priority?: number;
  /** It starts only when these are ready, and not at all if one failed. */
  requires: readonly GuestName[];
  /** It starts behind these, if they are started at all. */
  after: readonly GuestName[];
  /** Absent: by what its definition has. */
  ready?: Readiness;
  /** How long others wait after it was ready. */
  delaySeconds: number;
  readyTimeoutSeconds: number;
  stopTimeoutSeconds: number;
  onTimeout: OnTimeout;
  /** libvirt's autostart was on before it was adopted. */
  autostartWas: boolean;
}

/** A value that is none. */
export interface OrderProblem {
  field: string;
  found: string;
  expected: string;
}

export const DEFAULT_ORDER: GuestOrder = {
  requires: [],
  after: [],
  delaySeconds: 0,
  readyTimeoutSeconds: 120,
  stopTimeoutSeconds: 300,
  onTimeout: 'leave',
  autostartWas: false,
};

interface Field {
  expected: string;
  /** @returns what is to be changed of an order; undefined if the value is none */
  read(text: string): Partial<GuestOrder> | undefined;
}

const seconds = (name: 'delaySeconds' | 'readyTimeoutSeconds' | 'stopTimeoutSeconds'): Field => ({
  expected: SECONDS_EXPECTED,
  read(text) {
    const value = parseSeconds(text);
    return value === undefined ? undefined : { [name]: value };
  },
});

const isOnTimeout = (text: string): text is OnTimeout => ['leave', 'save', 'destroy'].includes(text);

/** Attributes of the element, by name. */
export const ORDER_FIELDS: Readonly<Record<string, Field>> = {
  priority: {
    expected: 'a whole number from 0 to 999999',
    read: (text) => (/^\d{1,6}$/.test(text) ? { priority: Number(text) } : undefined),
  },
  delay: seconds('delaySeconds'),
  ready: {
    expected: READINESS_EXPECTED,
    read(text) {
      const ready = parseReadiness(text);
      return ready === undefined ? undefined : { ready };
    },
  },
  'ready-timeout': seconds('readyTimeoutSeconds'),
  'stop-timeout': seconds('stopTimeoutSeconds'),
  'on-timeout': {
    expected: 'leave, save or destroy',
    read: (text) => (isOnTimeout(text) ? { onTimeout: text } : undefined),
  },
  'autostart-was': {
    expected: 'on or off',
    read: (text) => (text === 'on' || text === 'off' ? { autostartWas: text === 'on' } : undefined),
  },
};

/** Values as they are written, and guests that are named: what the element holds. */
export interface OrderValues {
  attributes: Readonly<Record<string, string>>;
  requires: readonly GuestName[];
  after: readonly GuestName[];
}

export const NO_VALUES: OrderValues = { attributes: {}, requires: [], after: [] };

function namesIn(element: Element, kind: 'requires' | 'after'): GuestName[] {
  return childrenOf(element, kind).map((child) => {
    const uuid = attributeOf(child, 'uuid');
    return { name: attributeOf(child, 'guest') ?? uuid ?? '', ...(uuid === undefined ? {} : { uuid }) };
  });
}

/** What the element says, valid or not. */
export function orderValues(element: Element): OrderValues {
  const given = Object.keys(ORDER_FIELDS).flatMap((name) => {
    const value = attributeOf(element, name);
    return value === undefined ? [] : [[name, value] as const];
  });
  const requires = namesIn(element, 'requires');
  return { attributes: Object.fromEntries(given), requires, after: namesIn(element, 'after') };
}

/** Values as data for metadataText. */
export function orderContent({ attributes, requires, after }: OrderValues): Omit<XmlNode, 'name'> {
  const nodes = (name: 'requires' | 'after', guests: readonly GuestName[]): XmlNode[] =>
    guests.map(({ name: guest, uuid }) => ({ name, attributes: { guest, uuid } }));
  return { attributes, children: [...nodes('requires', requires), ...nodes('after', after)] };
}

/** What values mean. A value that is none is told, and the default counts. */
export function readOrder({ attributes, requires, after }: OrderValues): {
  order: GuestOrder;
  problems: OrderProblem[];
} {
  const problems: OrderProblem[] = [];
  let order: GuestOrder = { ...DEFAULT_ORDER, requires, after };
  for (const [field, found] of Object.entries(attributes)) {
    const definition = ORDER_FIELDS[field];
    const read = definition?.read(found);
    if (read !== undefined) order = { ...order, ...read };
    else problems.push({ field, found, expected: definition?.expected ?? 'no such field' });
  }
  return { order, problems };
}

/** In one line, such as `priority is "abc", expected a whole number from 0 to 999999`. */
export const problemText = ({ field, found, expected }: OrderProblem): string =>
  `${field} is "${found}", expected ${expected}`;
