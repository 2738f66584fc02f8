import { describe, expect, it } from 'vitest';
import { DROP_IN, renderSshdConfig, ssh } from '../../../src/config/ssh.ts';
import { type FileEntries, makeContext } from '../context.ts';

const keys: FileEntries = {
  '/usr/sbin/sshd': '',
  '/etc/ssh/ssh_host_rsa_key': 'key',
  '/etc/ssh/ssh_host_ecdsa_key': 'key',
  '/etc/ssh/ssh_host_ed25519_key': 'key',
};
const INCLUDE = 'Include /etc/ssh/sshd_config.d/*.conf\n';
const planFor = (files: FileEntries, live = false) =>
  ssh.plan(makeContext({ files: { ...keys, ...files }, facts: { live } }));

/** Lines of the drop-in that are no comments; undefined if none is written. */
function dropInFor(files: FileEntries): string[] | undefined {
  const change = planFor(files).changes.find((one) => 'path' in one && one.path === DROP_IN);
  if (change?.kind !== 'write-file') return undefined;
  return String(change.content)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
}

describe('11-config_ssh', () => {
  it('sets what nobody sets, in a drop-in that sshd reads', () => {
    expect(dropInFor({ '/etc/ssh/sshd_config': `${INCLUDE}UsePAM yes\n` })).toEqual([
      'PermitRootLogin prohibit-password',
      'PermitEmptyPasswords no',
    ]);
  });

  it.each([
    ['no in the main file', { '/etc/ssh/sshd_config': `${INCLUDE}PermitRootLogin no\n` }],
    ['with an equals sign and in lower case', { '/etc/ssh/sshd_config': `${INCLUDE} permitrootlogin=no\n` }],
    ['quoted', { '/etc/ssh/sshd_config': `${INCLUDE}PermitRootLogin "no"\n` }],
    [
      'in a drop-in',
      { '/etc/ssh/sshd_config': INCLUDE, '/etc/ssh/sshd_config.d/10-admin.conf': 'PermitRootLogin no\n' },
    ],
    [
      'in a file that a relative Include names',
      {
        '/etc/ssh/sshd_config': `${INCLUDE}Include mine.conf\n`,
        '/etc/ssh/mine.conf': 'PermitRootLogin no\n',
      },
    ],
  ])('leaves root login to an admin who set it: %s', (_, files) => {
    expect(dropInFor(files)).toEqual(['PermitEmptyPasswords no']);
  });

  it('does not take what is for some connections for what is for all', () => {
    const main = `${INCLUDE}Match User backup\n  PermitRootLogin yes\n`;
    expect(dropInFor({ '/etc/ssh/sshd_config': main })).toContain('PermitRootLogin prohibit-password');
  });

  it('takes its drop-in back when the admin sets everything', () => {
    const files = {
      '/etc/ssh/sshd_config': `${INCLUDE}PermitRootLogin no\nPermitEmptyPasswords no\n`,
      [DROP_IN]: 'PermitRootLogin prohibit-password\n',
    };
    expect(planFor(files)).toEqual({ changes: [{ kind: 'remove-file', path: DROP_IN }], notes: [] });
  });

  it('says where root may log in by password', () => {
    const { notes } = planFor({ '/etc/ssh/sshd_config': `${INCLUDE}\nPermitRootLogin yes\n` });
    expect(notes?.[0]?.text).toContain('/etc/ssh/sshd_config line 3');
  });

  it('makes each host key that is missing or empty, and no other', () => {
    const argvs = planFor({ '/etc/ssh/ssh_host_rsa_key': '', '/etc/ssh/sshd_config': '' }).changes.flatMap(
      (change) => (change.kind === 'run-command' ? change.argv[3] : change.kind),
    );
    expect(argvs).toEqual(['remove-file', 'rsa', 'write-file']);
    const only = {
      '/etc/ssh/ssh_host_rsa_key': '',
      '/etc/ssh/sshd_config': 'HostKey /etc/ssh/ssh_host_ed25519_key\n',
    };
    expect(planFor(only).changes.filter(({ kind }) => kind === 'run-command')).toEqual([]);
  });

  const placesOf = (main: string) =>
    planFor({ '/etc/ssh/sshd_config': main, '/run/sshd/x': '' }, true).changes.map((change) =>
      'path' in change ? change.path : change.kind,
    );

  it('has sshd check its main file before that is replaced', () => {
    expect(placesOf('UsePAM yes\n')).toEqual([
      '/etc/ssh/sshd_config.gandi-candidate',
      'run-command',
      '/etc/ssh/sshd_config',
      '/etc/ssh/sshd_config.gandi-candidate',
    ]);
  });

  it('starts no sshd for a drop-in, of which it knows that any sshd that reads it takes it', () => {
    expect(placesOf(`${INCLUDE}UsePAM yes\n`)).toEqual([DROP_IN]);
  });

  it('takes away what a check that was cut off left', () => {
    const path = '/etc/ssh/sshd_config.gandi-candidate';
    const main = { '/etc/ssh/sshd_config': 'PermitRootLogin no\nPermitEmptyPasswords no\n' };
    expect(planFor({ ...main, [path]: 'half' }, true).changes).toEqual([{ kind: 'remove-file', path }]);
    expect(planFor(main, true).changes).toEqual([]);
  });

  it('changes the main file where no drop-ins are read, and reads its own lines again as such', () => {
    const change = planFor({ '/etc/ssh/sshd_config': 'UsePAM yes\nMatch User x\n  ForceCommand y\n' })
      .changes[0];
    const content = change?.kind === 'write-file' ? String(change.content) : '';
    expect(content).toBe(
      'UsePAM yes\n# Begin of gandi-config: what nobody else sets\nPermitRootLogin prohibit-password\nPermitEmptyPasswords no\n# End of gandi-config\nMatch User x\n  ForceCommand y\n',
    );
    expect(planFor({ '/etc/ssh/sshd_config': content }).changes).toEqual([]);
    const stricter = content.replace('UsePAM yes', 'PermitRootLogin no');
    const next = planFor({ '/etc/ssh/sshd_config': stricter }).changes[0];
    expect(next?.kind === 'write-file' && next.content).not.toContain('prohibit-password');
  });

  it('does nothing without an SSH server', () => {
    expect(ssh.plan(makeContext())).toEqual({ changes: [] });
  });
});

describe('renderSshdConfig', () => {
  it('takes its block out again', () => {
    const text = 'UsePAM yes\n';
    expect(renderSshdConfig(renderSshdConfig(text, ['PermitEmptyPasswords no']), [])).toBe(text);
  });
});
