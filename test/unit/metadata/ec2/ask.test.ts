import { describe, expect, it } from 'vitest';
import type { Ec2Answers } from '../../../../src/metadata/ec2/ask.ts';
import { ec2At } from '../../../../src/metadata/ec2/source.ts';
import type { Finding, World } from '../../../../src/metadata/source.ts';
import { makeFiles } from '../../context.ts';
import { httpService, NOBODY } from '../../http-service.ts';
import { imds, type Once, TOKEN } from './imds.ts';

const META = '/latest/meta-data';
const MAC = '0a:00:00:00:00:01';
const INSTANCE = {
  [`${META}/instance-id`]: 'i-0123456789abcdef0',
  [`${META}/local-hostname`]: 'ip-10-0-0-5.ec2.internal',
  [`${META}/public-keys/`]: '0=me\n7=you',
  [`${META}/public-keys/0/openssh-key`]: 'ssh-ed25519 AAAA me\n',
  [`${META}/public-keys/7/openssh-key`]: 'ssh-ed25519 BBBB you\n',
  [`${META}/network/interfaces/macs/`]: `${MAC}/\n../evil/`,
  [`${META}/network/interfaces/macs/${MAC}/device-number`]: '0',
  [`${META}/network/interfaces/macs/${MAC}/local-ipv4s`]: '10.0.0.5\n10.0.0.6',
  [`${META}/network/interfaces/macs/${MAC}/subnet-ipv4-cidr-block`]: '10.0.0.0/24',
  '/latest/user-data': Buffer.from('#!/bin/sh\n'),
};

const SAID: Ec2Answers = {
  instanceId: 'i-0123456789abcdef0',
  hostName: 'ip-10-0-0-5.ec2.internal',
  keys: [
    { field: 'public-keys/0/openssh-key', text: 'ssh-ed25519 AAAA me' },
    { field: 'public-keys/7/openssh-key', text: 'ssh-ed25519 BBBB you' },
  ],
  interfaces: [
    {
      mac: MAC,
      deviceNumber: '0',
      networkCard: '',
      ipv4s: '10.0.0.5\n10.0.0.6',
      ipv6s: '',
      subnet: '10.0.0.0/24',
    },
  ],
  userData: new Uint8Array(Buffer.from('#!/bin/sh\n')),
  present: [MAC],
};

const AMAZON = {
  '/sys/class/dmi/id/sys_vendor': 'Amazon EC2\n',
  '/sys/class/net/eth0/address': `${MAC.toUpperCase()}\n`,
};

/** What an instance learns of the services at these addresses. */
async function find(addresses: string[], waitSeconds = 5, entries: Record<string, string> = AMAZON) {
  const world = { files: makeFiles(entries), waitSeconds } as unknown as World;
  return await ec2At(addresses).find(world);
}

/** What there is of a finding, or why there is nothing. */
function told(finding: Finding<Ec2Answers>): unknown {
  switch (finding.state) {
    case 'present':
      return finding.raw;
    case 'absent':
      return 'absent';
    default:
      return `${finding.state}: ${finding.problems.map(({ path, found }) => `${new URL(path).pathname} ${found}`)}`;
  }
}

describe('the metadata service of EC2', () => {
  it('is asked with a token for all that an instance needs', async () => {
    const service = await imds(INSTANCE);
    const finding = await find([service.address]);
    expect(told(finding)).toEqual(SAID);
    expect(finding).toMatchObject({ place: { isHosts: true }, stamps: [] });
    expect(service.asked[0]).toBe('PUT /latest/api/token');
    expect(
      service.asked.filter(
        (line) => !/^(PUT \/latest\/api\/token|GET \/latest\/(meta-data|user-data))/.test(line),
      ),
    ).toEqual([]);
    expect(service.asked.join()).not.toContain('evil');
  });

  it('may be at its IPv6 address alone', async () => {
    const { address } = await imds(INSTANCE);
    expect(told(await find([NOBODY, address]))).toEqual(SAID);
  });

  it.each<[string, Once, unknown]>([
    ['is switched off', { 'PUT /latest/api/token': [403] }, 'absent'],
    ['is none', { 'PUT /latest/api/token': [404] }, 'absent'],
    ['is busy at first', { 'PUT /latest/api/token': [503, 503] }, SAID],
    ['is busy in between', { '/latest/user-data': [503] }, SAID],
    ['wants another token', { [`${META}/instance-id`]: [401] }, SAID],
    [
      'takes none of its tokens',
      { [`${META}/instance-id`]: [401, 401] },
      `unreachable: ${META}/instance-id status 401`,
    ],
    [
      'gives a token that would be another header',
      { 'PUT /latest/api/token': [{ status: 200, body: 'a\r\nHost: evil' }] },
      'unreachable: /latest/api/token a token that no header can have',
    ],
    [
      'gives no token',
      { 'PUT /latest/api/token': [{ status: 400, body: TOKEN }] },
      'unreachable: /latest/api/token status 400 in place of a token',
    ],
    [
      'sends elsewhere',
      { '/latest/user-data': [{ raw: 'HTTP/1.1 302 Found\r\nLocation: http://203.0.113.1/\r\n\r\n' }] },
      'unreachable: /latest/user-data a redirect (status 302), which is not followed',
    ],
    [
      'has no list of interfaces',
      { [`${META}/network/interfaces/macs/`]: [404] },
      { ...SAID, interfaces: undefined },
    ],
    ['has no user-data', { '/latest/user-data': [404] }, { ...SAID, userData: undefined }],
  ])('%s', async (_, once, expected) => {
    const { address } = await imds(INSTANCE, once);
    expect(told(await find([address]))).toEqual(expected);
  });

  it('that lies about lengths is asked again, for as long as there is time', async () => {
    const raw = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\nabc';
    const { address, asked } = await imds(INSTANCE, { [`${META}/instance-id`]: Array(9).fill({ raw }) });
    expect(told(await find([address], 1.5))).toMatch(/^unreachable: \S+instance-id no answer/);
    expect(asked.filter((line) => line.endsWith('instance-id')).length).toBeGreaterThan(1);
  });

  it('that hangs is given up when the time is over', async () => {
    const { address } = await httpService(() => undefined);
    const before = performance.now();
    expect(told(await find([address], 1))).toMatch(/^unreachable: \/latest\/api\/token no answer in time$/);
    expect(performance.now() - before).toBeLessThan(3000);
  });

  it('of Amazon’s is never asked without a token; that of others that have none is', async () => {
    const content: Record<string, string | Uint8Array> = INSTANCE;
    const service = await httpService(({ method, url = '' }) =>
      method === 'PUT' ? 405 : (content[url] ?? 404),
    );
    expect(told(await find([service.address]))).toBe(
      'unreachable: /latest/api/token status 405 in place of a token',
    );
    expect(service.asked).toEqual(['PUT /latest/api/token']);
    const brightbox = {
      ...AMAZON,
      '/sys/class/dmi/id/sys_vendor': '',
      '/sys/class/dmi/id/product_serial': 'srv.gb1.brightbox.com',
    };
    expect(told(await find([service.address], 5, brightbox))).toEqual(SAID);
    // Some of them say nothing of the network.
    const place = `${META}/network/interfaces/macs/`;
    const bare = await httpService(({ method, url = '' }) =>
      method === 'PUT' ? 405 : url === place ? 404 : (content[url] ?? 404),
    );
    expect(told(await find([bare.address], 5, brightbox))).toEqual({ ...SAID, interfaces: [] });
  });
});
