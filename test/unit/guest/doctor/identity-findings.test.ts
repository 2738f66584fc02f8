import { describe, expect, it } from 'vitest';
import { identityFindings } from '../../../../src/guest/doctor/identity-findings.ts';
import { sha256 } from '../../../../src/machine/runtime/digest.ts';
import { type FileEntries, makeContext } from '../../context.ts';

const UUID = '00112233-4455-6677-8899-aabbccddeeff';
const OTHER_UUID = 'ffeeddcc-0000-4000-8000-000000000001';
const MAC = '00:16:3e:00:00:01';
const OTHER_MAC = '00:16:3e:00:00:02';
const ISCSI = '/etc/iscsi/initiatorname.iscsi';

const here = { layout: 2, productUuid: UUID, macs: [MAC] };
const golden = { ...here, productUuid: OTHER_UUID, macs: [OTHER_MAC] };

/** Subject and text of each finding. */
function findingsFor(record: object | string, files: FileEntries = {}, settings = '') {
  const text = typeof record === 'string' ? record : JSON.stringify(record);
  const context = makeContext({
    files: {
      '/var/lib/gandi/instance.json': text,
      '/sys/class/dmi/id/product_uuid': `${UUID}\n`,
      ...files,
    },
    settings,
  });
  return identityFindings(context).map(({ subject, text }) => `${subject}: ${text}`);
}

describe('what gandi-guest doctor says of a guest’s identity', () => {
  it.each<[string, object | string]>([
    ['that is the one that was recorded', here],
    ['that has another interface', { ...here, macs: [OTHER_MAC] }],
    ['whose record is damaged', '{"layout'],
  ])('is nothing of a guest %s', (_, record) => {
    expect(findingsFor(record)).toEqual([]);
  });

  it('is why it was taken for no clone, though it was close to being one', () => {
    expect(findingsFor({ ...here, nearMiss: 'SMBIOS UUID x, now y; …' })).toEqual([
      'instance: close to being a clone: SMBIOS UUID x, now y; …',
    ]);
  });

  it('is that nothing is renewed as long as its source says nothing', () => {
    const differing = `SMBIOS UUID ${OTHER_UUID}, now ${UUID}; MAC addresses ${OTHER_MAC}, now ${MAC}`;
    const said = `instance: this disk may come from another guest: ${differing}; nothing was renewed: `;
    expect(findingsFor({ ...golden, instanceId: 'iid-1' })).toEqual([
      `${said}a source that says nothing renews nothing`,
    ]);
    expect(findingsFor(golden)).toEqual([`${said}its source did not answer at boot`]);
    expect(findingsFor(golden, {}, 'CONFIG_IDENTITY=0')).toEqual([]);
  });

  it('is that a sealing was cut off, until it is done', () => {
    const sealed = (state: string) => ({ '/var/lib/gandi/seal.json': JSON.stringify({ layout: 1, state }) });
    expect(findingsFor(here, sealed('sealing'))).toEqual([
      'seal: the sealing of this guest was begun and is not done: an image of it has what is one guest’s',
    ]);
    expect(findingsFor(here, sealed('sealed'))).toEqual([]);
  });

  it('is what could not be renewed, and what is left to the admin until it is another', () => {
    const pending = { guest: 'abcd1234', parts: ['host-keys ed25519'] };
    expect(findingsFor({ ...here, pending })).toEqual([
      'instance: this disk comes from another guest, which still has the same host-keys ed25519',
    ]);
    const shared = { [ISCSI]: sha256('InitiatorName=iqn.x\n'), '/etc/nvme/hostnqn': sha256('gone') };
    expect(findingsFor({ ...here, shared }, { [ISCSI]: 'InitiatorName=iqn.x\n' })).toEqual([
      `${ISCSI}: the iSCSI initiator name is the one of the guest that this disk was copied from`,
    ]);
    expect(findingsFor({ ...here, shared }, { [ISCSI]: 'InitiatorName=iqn.new\n' })).toEqual([]);
  });

  it('is that it cannot be told where the record cannot be read', () => {
    expect(findingsFor('', { '/var/lib/gandi/instance.json': { kind: 'directory' } })).toEqual([
      expect.stringContaining('whether this disk is a copy cannot be told'),
    ]);
  });
});
