import { expect, test } from 'vitest';
import { parseNoCloudWords } from '../../../../src/metadata/nocloud/words.ts';

const parse = (text: string) => {
  const words = parseNoCloudWords(text, '/proc/cmdline');
  if (words === undefined) return undefined;
  const { problems, ...rest } = words;
  return { ...rest, ...(problems.length > 0 ? { lines: problems.map(({ found }) => found) } : {}) };
};

test.each([
  ['root=/dev/vda1 ds=nocloud quiet', {}],
  ['ds=nocloud;', {}],
  ['ds=nocloud;i=iid-1;h=web1', { instanceId: 'iid-1', hostName: 'web1' }],
  [
    'ds=nocloud;instance-id=iid-1;local-hostname=web1.example.net',
    { instanceId: 'iid-1', hostName: 'web1', fqdn: 'web1.example.net' },
  ],
  ['ds=nocloud;i=a;i=b;instance-id=c', { instanceId: 'c' }],
  ['ds=nocloud;i=', { instanceId: '' }],
  ['ds=nocloud;i=a=b', { instanceId: 'a=b' }],
  ['ds=nocloud;i=a ds=nocloud;i=b', { instanceId: 'b' }],
  ['"ds=nocloud;i=a"', { instanceId: 'a' }],
  ['ds=nocloud;s=/srv/seed', { seedFrom: '/srv/seed/' }],
  ['ds=nocloud;seedfrom=file:///srv/seed/;dsmode=local', { seedFrom: '/srv/seed/' }],
  ['ds=nocloud;s=https://198.51.100.1/', { lines: ['seedfrom="https://198.51.100.1/"'] }],
  ['ds=nocloud;s=ftp://x/', { lines: ['seedfrom="ftp://x/"'] }],
  ['ds=nocloud;s=relative', { lines: ['seedfrom="relative"'] }],
  ['ds=nocloud;h=a_b;x=y', { lines: ['local-hostname="a_b"', '"x", a key that does nothing here'] }],
])('%s', (text, words) => {
  expect(parse(text)).toEqual(words);
});

test.each(['', 'quiet', 'ds=nocloudy', 'ds=nocloud-net;s=http://x/', 'xds=nocloud', 'ds=openstack'])(
  'no word in %j',
  (text) => {
    expect(parse(text)).toBeUndefined();
  },
);

test('the last of a repeated key beats a bad one before it', () => {
  expect(parse('ds=nocloud;h=a_b;h=web1')).toEqual({ hostName: 'web1' });
});
