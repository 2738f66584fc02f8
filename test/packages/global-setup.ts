import { installPrograms } from '../guest/prerequisites.ts';
import { rootFileSystem } from '../guest/rootfs.ts';
import { makePackages } from './build.ts';

/** The tools that make and check packages, and what all tests of packages share. */
export async function setup(): Promise<void> {
  await installPrograms({
    debsums: 'debsums',
    dh: 'debhelper',
    'dpkg-buildpackage': 'dpkg-dev',
    git: 'git',
    lintian: 'lintian',
    mmdebstrap: 'mmdebstrap',
    rpmbuild: 'rpm',
  });
  await rootFileSystem();
  await makePackages('deb');
}
