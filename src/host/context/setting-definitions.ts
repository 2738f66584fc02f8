/** A setting of host.conf. */
export interface HostSettingDefinition {
  summary: string;
  /** As it would stand in the file; empty: none. */
  default: string;
  /** What a value may be, for the error line. */
  expected: string;
  isValid(value: string): boolean;
}

const isCount = (value: string) => /^[1-9]\d{0,3}$/.test(value);

/** In the order in which `config` prints them. */
export const HOST_SETTINGS = {
  connect: {
    summary: 'libvirt to work with, as a URI; empty: LIBVIRT_DEFAULT_URI, else qemu:///system',
    default: '',
    expected: 'a URI, such as qemu:///system or qemu+ssh://host/system',
    isValid: (value) => value === '' || /^[a-z][a-z0-9+.-]*:\S+$/.test(value),
  },
  pool: {
    summary: 'storage pool of golden images and guests',
    default: 'gandi',
    expected: 'the name of a pool, without / and blanks',
    isValid: (value) => /^[^\s/]+$/.test(value),
  },
  'pool-directory': {
    summary: 'directory of that pool, where it is made',
    default: '/var/lib/libvirt/images/gandi',
    expected: 'an absolute path',
    isValid: (value) => value.startsWith('/'),
  },
  nic: {
    summary: 'interface of a guest for which none is named',
    default: 'network=default',
    expected: 'network=NAME, bridge=NAME, direct=LINK or user',
    isValid: (value) => /^(?:(?:network|bridge|direct)=\S+|user)$/.test(value),
  },
  emulation: {
    summary: 'whether guests of new golden images are emulated where this host has KVM, too',
    default: 'no',
    expected: 'yes or no',
    isValid: (value) => value === 'yes' || value === 'no',
  },
  toolkit: {
    summary: 'the toolkit for golden images made of nothing: a .deb file, or a tree to lay over',
    default: '',
    expected: 'an absolute path',
    isValid: (value) => value === '' || value.startsWith('/'),
  },
  parallel: {
    summary: 'how many guests may start or stop at once; empty: one for each CPU of this host',
    default: '',
    expected: 'a whole number from 1 to 9999',
    isValid: (value) => value === '' || isCount(value),
  },
} as const satisfies Record<string, HostSettingDefinition>;

export type HostSetting = keyof typeof HOST_SETTINGS;
