import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readIfupdownFiles } from '../../../../src/network/managers/ifupdown/files.ts';
import { readNetplanEntries } from '../../../../src/network/managers/netplan/files.ts';
import { readMatch } from '../../../../src/network/managers/networkd/files.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';
import { makeFiles } from '../../context.ts';

/** Lines of an admin's network files, whole and broken. */
const line = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom(
    'auto eth0',
    'iface eth0 inet static',
    'source /etc/network/interfaces',
    'source-directory *',
    '  address 192.0.2.1 \\',
    'network:',
    '  ethernets:',
    '    eth0: {dhcp4: true}',
    '    eth0: &anchor',
    "      match: {macaddress: '",
    '\tversion: 2',
    '[Match]',
    'Name=eth0 !eth1',
    'MACAddress=',
  ),
);

it('are read to their end, whatever is in them', () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
      const text = lines.join('\n');
      const { stanzas } = readIfupdownFiles(makeFiles({ '/etc/network/interfaces': text }));
      for (const stanza of stanzas) expect(stanza.line).toBeLessThanOrEqual(text.split('\n').length);
      expect(() => readNetplanEntries(text)).not.toThrow();
      expect(() => readMatch(text)).not.toThrow();
    }),
    { numRuns: PROPERTY_RUNS },
  );
});
