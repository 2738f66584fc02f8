import { describe, expect, it } from 'vitest';
import { plainKeys } from '../../../../src/host/guest/copied-users.ts';
import { parseNic } from '../../../../src/host/guest/interfaces.ts';
import { parseMount } from '../../../../src/host/guest/mounts.ts';
import { hostNameOf, seedFiles } from '../../../../src/host/guest/seed.ts';
import { parseNoCloud } from '../../../../src/metadata/nocloud/parse.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJf0pM5yKn1nA0wPqzsTFbbnZp2v6Ph0Wc2YvVn8mQkz';
const HASH =
  '$6$gandiguest$h0URcWRhmHUu95sHBZw8dNr9de5XTkuymHzoTs07cSX9njq7EmBx9iQ3KXlDbh4zYrdbyTkcrMB6F/Al36YcV0';

describe('the seed of a guest', () => {
  it('is one that the toolkit takes without a problem', async () => {
    const user = {
      name: 'jim',
      uid: 1234,
      gecos: 'Jim, x',
      shell: '/bin/bash',
      groups: ['sudo'],
      sshKeys: [KEY],
    };
    const files = seedFiles({
      uuid: 'U',
      hostName: 'web1',
      sshKeys: [KEY],
      users: [{ ...user, sudo: true, passwordHash: HASH }],
      nics: [
        { ...parseNic('user'), mac: '52:54:00:00:00:01' },
        { ...parseNic('network=n,address=192.0.2.7/24,gateway=192.0.2.1'), mac: '52:54:00:00:00:02' },
      ],
      mounts: [parseMount('/srv:/data:ro', 0), parseMount('nfs=server:/e:/n', 1)],
      script: '#!/bin/sh\ntrue\n',
    });
    const bytes = (name: keyof typeof files) => Buffer.from(files[name]);
    const { parsed } = await parseNoCloud({
      metaData: bytes('meta-data'),
      userData: bytes('user-data'),
      networkConfig: bytes('network-config'),
    });
    expect(parsed.problems).toEqual([]);
    const { hostName, users, mounts, interfaces } = parsed.config;
    expect(hostName).toBe('web1');
    const jim = users?.find(({ name }) => name === 'jim');
    expect(jim).toMatchObject({ uid: 1234, groups: ['sudo'], sshKeys: [KEY], passwordHash: HASH });
    expect(users?.find(({ name }) => name === 'root')?.sshKeys).toEqual([KEY]);
    expect(mounts?.map(({ device, mountPoint, type }) => [device, mountPoint, type])).toEqual([
      ['gandi0', '/data', 'virtiofs'],
      ['server:/e', '/n', 'nfs'],
    ]);
    expect(interfaces?.map(({ mac, addresses }) => [mac, addresses.length])).toEqual([
      ['52:54:00:00:00:01', 0],
      ['52:54:00:00:00:02', 1],
    ]);
  });

  it('has a host name that is one', () => {
    expect(hostNameOf('web1', undefined)).toBe('web1');
    expect(hostNameOf("a b'$(id)", 'web2')).toBe('web2');
    expect(() => hostNameOf("a b'$(id)", undefined)).toThrow('--host-name');
  });

  it('takes public keys without options alone', () => {
    expect(plainKeys(`# x\n${KEY} me\ncommand="x" ${KEY}\n-----BEGIN OPENSSH PRIVATE KEY-----\n`)).toEqual([
      `${KEY} me`,
    ]);
  });
});
