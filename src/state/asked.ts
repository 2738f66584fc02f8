import {
  hasParts,
  isAbsentOr,
  isListOf,
  isNumeric,
  isText,
  isTexts,
  isTrue,
} from '../machine/formats/shape.ts';
import type { InterfaceAddress } from '../metadata/interface-config.ts';
import { isAddress } from '../metadata/stored/config-shape.ts';

/** An interface of the guest and what the host asks for it. */
export interface AskedInterface {
  name: string;
  /** In bytes. */
  mtu?: number;
  addresses: readonly InterfaceAddress[];
  /** It asks for an address of the family, whatever that will be. */
  dhcp4?: true;
  dhcp6?: true;
  /** The bond or bridge that it is to be a port of. */
  partOf?: string;
}

/** An account that the host lets somebody in by. */
export interface AskedAccount {
  name: string;
  /** OpenSSH public keys, one a string, without options. */
  keys: readonly string[];
  /** A crypt(5) hash. */
  passwordHash?: string;
}

/**
 * What the host asks for in the guest's own terms, without what a setting turns off: what can be compared with what is.
 * It is plain data, which one program can leave for another.
 */
export interface Asked {
  hostName?: string;
  interfaces: readonly AskedInterface[];
  /** One line for each interface that the host names and the guest lacks. */
  missing: readonly string[];
  /** Addresses of the name servers that this guest asks, canonical. */
  nameServers: readonly string[];
  searchDomains: readonly string[];
  accounts: readonly AskedAccount[];
  /** Node of the device that is to be swap, such as `/dev/sdb1`. */
  swap?: string;
}

const isInterface = hasParts<AskedInterface>({
  name: isText,
  mtu: isAbsentOr(isNumeric),
  addresses: isListOf(isAddress),
  dhcp4: isAbsentOr(isTrue),
  dhcp6: isAbsentOr(isTrue),
  partOf: isAbsentOr(isText),
});

const isAccount = hasParts<AskedAccount>({ name: isText, keys: isTexts, passwordHash: isAbsentOr(isText) });

/** What another version left is not taken for ours. */
export const isAsked = hasParts<Asked>({
  hostName: isAbsentOr(isText),
  interfaces: isListOf(isInterface),
  missing: isTexts,
  nameServers: isTexts,
  searchDomains: isTexts,
  accounts: isListOf(isAccount),
  swap: isAbsentOr(isText),
});
