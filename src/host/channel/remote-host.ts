/** A host whose libvirt is reached by ssh(1). */
export interface RemoteHost {
  /** As ssh takes it, such as `root@host`. */
  destination: string;
  /** Of ssh, as libvirt's own connection has them. */
  options: readonly string[];
}

const SSH_TRANSPORTS = ['ssh', 'libssh', 'libssh2'];

/** Transport, host and parameters of a URI of libvirt's (docs/uri.rst). */
function partsOf(uri: string): { transport: string; authority: string; query: string } {
  const [, transport = '', authority = '', query = ''] =
    /^[a-z0-9]+(?:\+([a-z0-9]+))?:(?:\/\/([^/?]*))?[^?]*(?:\?(.*))?$/.exec(uri) ?? [];
  return { transport, authority, query };
}

/** Whether a libvirt is another host's, whose files and sockets are not here. */
export const isRemote = (uri: string): boolean => partsOf(uri).authority !== '';

/** Whether another host's libvirt is reached by ssh. */
export const isReachedBySsh = (uri: string): boolean =>
  isRemote(uri) && SSH_TRANSPORTS.includes(partsOf(uri).transport);

/**
 * Where the sockets of a libvirt's guests are. Parameters of the URI are libvirt's (docs/uri.rst, "ssh transport").
 * @param uri of the connection, such as `qemu+ssh://root@host:22/system?keyfile=/root/key&no_verify=1`
 * @returns undefined where they are on this host
 * @throws Error in one line for another host that ssh does not lead to
 */
export function remoteHost(uri: string): RemoteHost | undefined {
  const { transport, authority, query } = partsOf(uri);
  if (authority === '') return undefined;
  if (!SSH_TRANSPORTS.includes(transport))
    throw new Error(
      `commands in guests of another host go by ssh: connect to qemu+ssh://${authority}/system`,
    );
  const { hostname, port, username } = new URL(`ssh://${authority}`);
  const parameters = new URLSearchParams(query);
  const key = parameters.get('keyfile');
  const known = parameters.get('known_hosts');
  const isUnverified =
    parameters.get('no_verify') === '1' || parameters.get('known_hosts_verify') === 'ignore';
  return {
    destination: `${username === '' ? '' : `${decodeURIComponent(username)}@`}${hostname.replace(/^\[|\]$/g, '')}`,
    options: [
      ...(port === '' ? [] : ['-p', port]),
      ...(key === null ? [] : ['-i', key]),
      ...(known === null ? [] : ['-o', `UserKnownHostsFile=${known}`]),
      ...(isUnverified ? ['-o', 'StrictHostKeyChecking=no'] : []),
    ],
  };
}
