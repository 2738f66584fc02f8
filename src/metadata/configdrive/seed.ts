import { makeIso9660 } from '../../machine/formats/volumes/iso9660/image.ts';

/** What `meta_data.json` names lies there. */
const CONTENT = 'content/';

/**
 * Makes an ISO 9660 image labelled `config-2`, as nova attaches it, of the version `latest` alone. The same files give the same
 * bytes.
 * @param files by name, or by `content/NAME`
 * @throws Error if there are too many for one directory of the image
 */
export function makeConfigDrive(files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const named = Object.entries(files).map(([name, content]) => ({
    name: name.startsWith(CONTENT) ? `openstack/${name}` : `openstack/latest/${name}`,
    content,
  }));
  return makeIso9660('config-2', named);
}
