import type { FileView } from '../../machine/files/files.ts';

/** Stands for each interface in turn, in an address that is link-local. */
const EACH = '%*';

/** Of an address, in /proc/net/if_inet6: the scope of those that are link-local (include/net/ipv6.h, IPV6_ADDR_LINKLOCAL). */
const LINK = '20';

/** Devices, made of nothing else, that have a link-local address of IPv6 (proc(5), net/if_inet6). */
function interfacesOf(files: Pick<FileView, 'readText' | 'status'>): string[] {
  const lines = (files.readText('/proc/net/if_inet6') ?? '').split('\n').map((line) => line.split(/\s+/));
  const names = lines.flatMap(([, , , scope, , name]) =>
    scope === LINK && name !== undefined && files.status(`/sys/class/net/${name}/device`) !== undefined
      ? [name]
      : [],
  );
  return [...new Set(names)].toSorted();
}

/**
 * The addresses of a service, of which one may be at another end of each interface.
 * @param addresses `http://[fe80::a9fe:a9fe%*]`
 * @returns `http://[fe80::a9fe:a9fe%eth0]`
 */
export function atEachInterface(
  addresses: readonly string[],
  files: Pick<FileView, 'readText' | 'status'>,
): string[] {
  return addresses.flatMap((address) =>
    address.includes(EACH) ? interfacesOf(files).map((name) => address.replace(EACH, `%${name}`)) : [address],
  );
}
