import type { Trait } from '../../identity/part.ts';
import { ofClusters, ofServices } from '../../identity/parts/left-to-admin.ts';
import { type NamedFiles, namedFiles } from '../../identity/parts/named-files.ts';
import type { Change } from '../../machine/changes/change.ts';
import type { FileView } from '../../machine/files/files.ts';
import type { SealPart } from '../part.ts';
import { ids } from './ids.ts';

/** By which a vendor takes all clones for one machine (subscription-manager(8), insights-client(8), pro(1)). */
const VENDORS: NamedFiles = [
  ['/etc/pki/consumer', /\.pem$/],
  ['/etc/pki/entitlement', /\.pem$/],
  ['/etc/sysconfig/rhn', /^systemid$/],
  ['/etc/insights-client', /^(machine-id|\.registered)$/],
  ['/var/lib/ubuntu-advantage/private', /^machine-token\.json$/],
];

const INSIGHTS = '/etc/insights-client/';
const BOOT_ENTRIES = '/boot/loader/entries/';

/** What clusters and databases know this machine by. */
const clusters = (files: FileView, isOthers: (path: string) => boolean): Trait[] =>
  ofClusters
    .find({ files })
    .filter(({ path }) => !path.startsWith(INSIGHTS) && !path.startsWith(BOOT_ENTRIES) && !isOthers(path))
    .map((trait) => ({
      ...trait,
      what: `${trait.what}; it stays: the cluster or service must be left before`,
    }));

/** What the image would give to each clone. */
const serviceKeys = (files: FileView): Trait[] =>
  ofServices
    .find({ files })
    .map((trait) => ({ ...trait, what: `${trait.what}; it stays: make it anew in each clone` }));

/** To be given up by choice alone: a machine that has lost its registration gets no updates. */
export const registration: SealPart = {
  name: 'registration',
  what: 'registrations with vendors, memberships of clusters, and keys of services',
  find: (view) => {
    const sealed = ids.find(view).map(({ path }) => path);
    return [
      ...namedFiles(view.files, VENDORS).map(
        (path): Trait => ({ path, severity: 'error', what: 'a registration; --registrations removes it' }),
      ),
      ...clusters(view.files, (path) => sealed.includes(path)),
      ...serviceKeys(view.files),
    ];
  },
  seal: ({ files, choices }) =>
    choices.registrations
      ? namedFiles(files, VENDORS).map((path): Change => ({ kind: 'remove-file', path }))
      : [],
};
