import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemCommands } from '../../../src/machine/commands/commands.ts';
import { askServices } from '../../../src/metadata/ask-services.ts';
import { keepConfiguration } from '../../../src/metadata/choose.ts';
import { ec2At } from '../../../src/metadata/ec2/source.ts';
import type { HostConfiguration } from '../../../src/metadata/guest-config.ts';
import { makeNoCloudSeed } from '../../../src/metadata/nocloud/seed.ts';
import { defineSource } from '../../../src/metadata/source.ts';
import { SOURCES } from '../../../src/metadata/sources.ts';
import { imds } from './ec2/imds.ts';
import { damagedVolume, nocloudVolume, type SeededGuest, seededGuest } from './seeded-guest.ts';

const VENDOR = '/sys/class/dmi/id/sys_vendor';
const AMAZON = { [VENDOR]: 'Amazon EC2\n' };
const MAC = '0a:00:00:00:00:01';
const SAID = {
  '/latest/meta-data/instance-id': 'i-1',
  '/latest/meta-data/local-hostname': 'cloud1.ec2.internal',
  '/latest/meta-data/network/interfaces/macs/': '',
};

/** What is told of a guest, without its problems in words. */
const told = ({ state, source, awaited, parsed }: HostConfiguration) => ({
  state,
  source,
  awaited: awaited?.sources,
  config: parsed.config,
  problems: parsed.problems.map(({ path, found }) => `${path}: ${found}`),
});

const outcomeOf = ({ looked = [] }: HostConfiguration, name: string) =>
  looked.find(({ source }) => source === name)?.outcome;

function setFirmware({ files }: SeededGuest, vendor: string): void {
  const path = `${files.root}${VENDOR}`;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${vendor}\n`);
}

/** The second run of a boot, with EC2's service at another address. */
async function ask(
  { files }: SeededGuest,
  address: string,
  sources: readonly string[] = ['all'],
): Promise<HostConfiguration> {
  const known = SOURCES.map((source) => (source.name === 'ec2' ? defineSource(ec2At([address])) : source));
  const machine = { files, commands: systemCommands, live: true };
  const host = await askServices({ ...machine, hypervisor: 'kvm', sources, waitSeconds: 0 }, known);
  await keepConfiguration(machine, host);
  return host;
}

describe('a guest whose firmware names no host with a service', () => {
  it('asks nobody', async () => {
    const guest = seededGuest({ [VENDOR]: 'QEMU\n' });
    const host = await guest.boot();
    expect(told(host)).toMatchObject({ state: 'none', awaited: undefined, config: {} });
    expect(outcomeOf(host, 'ec2')).toBe('not asked: this is no guest of such a host, by its firmware');
    const service = await imds(SAID);
    expect(told(await ask(guest, service.address))).toMatchObject({ state: 'none', problems: [] });
    expect(service.asked).toEqual([]);
  });

  it('asks one that the admin names', async () => {
    const guest = seededGuest();
    expect((await guest.boot(['ec2'])).awaited).toEqual({ sources: ['ec2'], needsAddress: true });
    const { address } = await imds(SAID);
    expect(told(await ask(guest, address, ['ec2']))).toMatchObject({ state: 'new', source: 'ec2' });
  });
});

describe('a guest of EC2', () => {
  it('has DHCP until the service is asked, then what that says', async () => {
    const guest = seededGuest({ ...AMAZON, '/sys/class/net/eth0/address': `${MAC}\n` });
    const host = await guest.boot();
    expect(told(host)).toEqual({
      state: 'none',
      source: undefined,
      awaited: ['ec2'],
      config: { dhcpOnAll: true, dhcpMetricStep: 100 },
      problems: [],
    });
    expect(host.origin).toBe('no configuration found; ec2 is asked when the network is up');
    expect(outcomeOf(host, 'gandi')).toBe('nothing found');
    expect(outcomeOf(host, 'ec2')).toBe('is asked when the network is up');
    const { address } = await imds(SAID);
    const answer = await ask(guest, address);
    expect(told(answer)).toMatchObject({ state: 'new', source: 'ec2', awaited: undefined, problems: [] });
    expect(answer.parsed.config.hostName).toBe('cloud1');
    expect(answer.looked).toContainEqual({ source: 'ec2', outcome: 'taken' });
  });

  it('is told where user-data are that nobody can read', async () => {
    const guest = seededGuest(AMAZON);
    const { address } = await imds({ ...SAID, '/latest/user-data': '#cloud-config\nusers: [\n' });
    const { problems } = told(await ask(guest, address));
    expect(problems).toEqual([expect.stringContaining(`${address}: user-data`)]);
    expect(told(await guest.boot()).problems).toEqual(problems);
  });

  it('has what it learned at its next boot, and asks again', async () => {
    const guest = seededGuest(AMAZON);
    const { address } = await imds(SAID);
    await ask(guest, address);
    expect(told(await guest.boot())).toMatchObject({
      state: 'kept',
      source: 'ec2',
      awaited: ['ec2'],
      config: { hostName: 'cloud1' },
      problems: [],
    });
    expect(told(await ask(guest, address))).toMatchObject({ state: 'kept', problems: [] });
    const renamed = await imds({ ...SAID, '/latest/meta-data/local-hostname': 'cloud2' });
    expect(told(await ask(guest, renamed.address))).toMatchObject({
      state: 'new',
      config: { hostName: 'cloud2' },
    });
  });

  it.each([
    ['does not answer', {}, '/latest/api/token: status 418 in place of a token', 'unreachable'],
    [
      'says nothing that can be used',
      { 'PUT /latest/api/token': undefined },
      'meta-data instance-id: ""',
      'broken',
    ],
  ])('keeps what it has where the service %s', async (_, silence, problem, state) => {
    const guest = seededGuest(AMAZON);
    await ask(guest, (await imds(SAID)).address);
    const silent = await imds(
      {},
      'PUT /latest/api/token' in silence ? {} : { 'PUT /latest/api/token': [418] },
    );
    const host = await ask(guest, silent.address);
    expect(told(host)).toMatchObject({ state, config: { hostName: 'cloud1' } });
    expect(told(host).problems.join()).toContain(problem);
    expect(guest.stored()).toMatchObject({ source: 'ec2', instanceId: 'i-1' });
    expect(told(await guest.boot())).toMatchObject({
      state: 'kept',
      config: { hostName: 'cloud1' },
      problems: [],
    });
  });

  it('has nothing, and says so, where the service has never answered', async () => {
    const guest = seededGuest(AMAZON);
    const { address } = await imds({}, { 'PUT /latest/api/token': [418] });
    expect(told(await ask(guest, address))).toMatchObject({ state: 'unreachable', config: {} });
    expect(told(await guest.boot())).toMatchObject({ state: 'none', config: { dhcpOnAll: true } });
  });

  it('asks nobody where the admin leaves the service out', async () => {
    const guest = seededGuest(AMAZON);
    const host = await guest.boot(['gandi', 'nocloud']);
    expect(told(host)).toMatchObject({ state: 'none', awaited: undefined, config: {} });
    expect(outcomeOf(host, 'ec2')).toBe('left out by CONFIG_SOURCES or gandi.source=');
    const service = await imds(SAID);
    await ask(guest, service.address, ['gandi', 'nocloud']);
    expect(service.asked).toEqual([]);
  });

  it('is configured by a volume that is there', async () => {
    const guest = seededGuest(AMAZON);
    guest.attach('sr0', 0, nocloudVolume('web1'));
    const host = await guest.boot();
    expect(told(host)).toMatchObject({ state: 'new', source: 'nocloud', awaited: undefined });
    expect(outcomeOf(host, 'nocloud')).toBe('taken');
    expect(outcomeOf(host, 'ec2')).toBe('not asked: another one came first');
  });

  it('asks the service where a volume cannot be used, or is gone', async () => {
    const guest = seededGuest(AMAZON);
    const damaged = guest.attach('sr0', 0, damagedVolume());
    expect(told(await guest.boot())).toMatchObject({ state: 'broken', awaited: ['ec2'] });
    guest.detach(damaged);
    const volume = guest.attach('sr0', 0, nocloudVolume('web1', 'instance-id: a\nlocal-hostname: web1\n'));
    expect(told(await guest.boot())).toMatchObject({ state: 'new', awaited: undefined });
    guest.detach(volume);
    expect(told(await guest.boot())).toMatchObject({
      state: 'kept',
      source: 'nocloud',
      awaited: ['ec2'],
      config: { hostName: 'web1', dhcpOnAll: true },
    });
    expect(told(await ask(guest, (await imds(SAID)).address))).toMatchObject({ state: 'new', source: 'ec2' });
  });

  it('leaves interfaces alone that a volume left alone, once that is gone', async () => {
    const guest = seededGuest(AMAZON);
    const network = 'version: 2\nethernets: {eth0: {addresses: [192.0.2.10/24]}}\n';
    const seed = makeNoCloudSeed({
      'meta-data': Buffer.from('instance-id: a\n'),
      'network-config': Buffer.from(network),
    });
    const volume = guest.attach('sr0', 0, seed);
    await guest.boot();
    guest.detach(volume);
    const { config } = told(await guest.boot());
    expect(config).toMatchObject({ interfaces: [{ name: 'eth0' }] });
    expect(config).not.toHaveProperty('dhcpOnAll');
  });

  it('does not take a volume that comes beside the service', async () => {
    const guest = seededGuest(AMAZON);
    await ask(guest, (await imds(SAID)).address);
    const node = guest.attach('sr0', 0, nocloudVolume('evil'), { label: 'cidata' });
    const host = await guest.boot();
    expect(told(host)).toMatchObject({ state: 'kept', source: 'ec2', awaited: ['ec2'] });
    expect(told(host).problems).toEqual([`${node}: a configuration of nocloud`]);
    expect(outcomeOf(host, 'nocloud')).toBe('found, and not believed');
  });

  it('that was moved to another host keeps what it has, asks nobody, and takes what that host brings', async () => {
    const guest = seededGuest(AMAZON);
    await ask(guest, (await imds(SAID)).address);
    setFirmware(guest, 'QEMU');
    expect(told(await guest.boot())).toMatchObject({ state: 'kept', source: 'ec2', awaited: undefined });
    guest.attach('sr0', 0, nocloudVolume('web1'), { label: 'cidata' });
    expect(told(await guest.boot())).toMatchObject({ state: 'new', source: 'nocloud' });
  });
});
