import { describe, expect, it } from 'vitest';
import { firstServices, secondServices } from '../../../bench/measures/four-services.ts';
import { archiveFiles, configDriveFiles, noCloudFiles, smartOsValues } from '../../../bench/source-disks.ts';
import { parseCpio } from '../../../src/metadata/cpio/parse.ts';
import { parseConfig } from '../../../src/metadata/gandi/parse.ts';
import type { ParsedConfig } from '../../../src/metadata/guest-config.ts';
import { parseNoCloud } from '../../../src/metadata/nocloud/parse.ts';
import { parseOpenStack } from '../../../src/metadata/openstack/parse.ts';
import { parseSmartos } from '../../../src/metadata/smartos/parse.ts';
import type { Answer } from '../../../src/metadata/smartos/protocol.ts';
import type { Guest } from '../../guest/guest.ts';
import { hostConfig } from '../../guest/toolkit.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJ test';
const bytesOf = (files: Readonly<Record<string, string>>, name: string) => Buffer.from(files[name] ?? '');

describe('what the guests of other sources are configured with', () => {
  const asked = parseConfig(Buffer.from(JSON.stringify(hostConfig(KEY)))).config;

  /** What each of them asks for, whatever its own words are. */
  function expectSameAsked({ config, problems }: ParsedConfig): void {
    expect(problems).toEqual([]);
    expect(config.hostName).toBe(asked.hostName);
    expect(config.resolvers).toEqual(asked.resolvers);
    const addresses = (interfaces: typeof config.interfaces) =>
      interfaces?.map(({ addresses: all, routes = [] }) => [
        all.map(({ address }) => address),
        [...all.flatMap(({ gateway = [] }) => gateway ?? []), ...routes.map(({ via }) => via)],
      ]);
    expect(addresses(config.interfaces)).toEqual(addresses(asked.interfaces));
    const credentials = (users: typeof config.users) =>
      users?.map(({ name, passwordHash, sshKeys }) => ({ name, passwordHash, sshKeys }));
    expect(credentials(config.users)).toEqual(credentials(asked.users));
    expect(config.scripts?.map(({ name }) => name)).toEqual(['runcmd']);
  }

  it('NoCloud: the name, addresses, route, name servers, users, passwords and keys of the seed disk, and a command', async () => {
    const files = noCloudFiles(KEY);
    const { parsed } = await parseNoCloud({
      metaData: bytesOf(files, 'meta-data'),
      userData: bytesOf(files, 'user-data'),
      networkConfig: bytesOf(files, 'network-config'),
    });
    expectSameAsked(parsed);
    expect(parsed.config.interfaces?.map(({ name }) => name)).toEqual(['eth0', 'eth1']);
  });

  it('ConfigDrive: the same', async () => {
    const files = configDriveFiles(KEY);
    const named = (name: string) => bytesOf(files, `openstack/latest/${name}`);
    const { parsed } = await parseOpenStack({
      metaData: named('meta_data.json'),
      networkData: named('network_data.json'),
      userData: named('user_data'),
      content: () => undefined,
    });
    expectSameAsked(parsed);
  });

  it('SmartOS: the same', async () => {
    const answers: Record<string, Answer> = Object.fromEntries(
      Object.entries(smartOsValues(KEY)).map(([key, value]) => [
        key,
        { state: 'success', value: Buffer.from(String(value)) },
      ]),
    );
    expectSameAsked((await parseSmartos({ answers })).parsed);
  });

  it('CPIO: the name, the keys and a script; the first interface asks by DHCP', () => {
    const files = archiveFiles(KEY);
    const names = Object.keys(files).map((name) => [name, bytesOf(files, name)]);
    const { config, problems } = parseCpio(Object.fromEntries(names));
    expect(problems).toEqual([]);
    expect(config).toMatchObject({ hostName: asked.hostName, users: [{ name: 'root', sshKeys: [KEY] }] });
    expect(config.interfaces).toMatchObject([{ number: 0, dhcp4: {} }]);
    expect(config.scripts).toHaveLength(1);
  });
});

/** A guest that answers what is asked of it by a part of the command; what else it is asked is a mistake. */
function answering(answers: Readonly<Record<string, string>>): Guest {
  const output = async (command: string) => {
    const [, answer] = Object.entries(answers).find(([part]) => command.includes(part)) ?? [];
    if (answer === undefined) throw new Error(`nobody expects "${command}"`);
    return answer;
  };
  return { output } as Guest;
}

const USED = { 'gandi-bootstrap': '300', 'gandi-mount': '20', 'gandi-config': '100', 'gandi-postboot': '7' };
const NOT_RUN = 'ConditionResult=no\nExecMainStartTimestampMonotonic=0';

describe('all four services', () => {
  const configured = ['toolkit', 'partitioned', 'partitioned-nocloud'];
  const others = ['nocloud', 'configdrive', 'smartos', 'cpio'];
  const measured = [...configured, 'fresh', ...others];
  /** Beside cloud-init there, at its first boot alone. */
  const debian13 = 'toolkit-trixie';

  it('have a row with a target of their own for each of these guests, at both boots', async () => {
    expect(firstServices.map(({ guest, boot }) => `${guest} ${boot}`).toSorted()).toEqual(
      [...measured, debian13].map((one) => `${one} 1`).toSorted(),
    );
    expect(secondServices.map(({ guest, boot }) => `${guest} ${boot}`)).toEqual(
      measured.map((one) => `${one} 2`),
    );
    const first = answering({ 'gandi-guest status': 'configured (this boot)', ...USED });
    const second = answering({ 'gandi-guest status': 'unchanged', ConditionResult: NOT_RUN, ...USED });
    const taken = [
      ...firstServices.map((measure) => measure.take(first)),
      ...secondServices.map((measure) => measure.take(second)),
    ];
    const samples = (await Promise.all(taken)).flat();
    expect(new Set(samples.map(({ id }) => id)).size).toBe(samples.length);
    expect(new Set(samples.map(({ title }) => title)).size).toBe(samples.length);
    const values = (id: string) =>
      samples.filter((sample) => sample.id.startsWith(id)).map(({ value }) => value);
    // SSH host keys cost by chance.
    expect(values('services-first')).toEqual([...configured, ...others, debian13].map(() => 427));
    expect(values('services-second')).toEqual(measured.map(() => 420));
    expect(values('postboot-second')).toEqual(measured.map(() => 0));
    const most = Object.fromEntries(samples.map(({ id, atMost = Number.NaN }) => [id, atMost / 1e9]));
    expect(most).toMatchObject({
      'services-first': 0.487,
      'services-first-partitioned': 0.4,
      'services-first-partitioned-nocloud': 0.4,
      'services-second-fresh': 0.07,
      'services-first-nocloud': 0.55,
      'services-first-configdrive': 0.55,
      'services-first-smartos': 0.65,
      'services-second-nocloud': 0.08,
      'services-second-cpio': 0.08,
    });
    expect(samples.find(({ id }) => id === `services-first-${debian13}`)).toMatchObject({
      comparedTo: 'cloud-init-13',
      atMostPart: 1 / 14,
    });
  });

  it('have no figure of work that failed, or of a second boot that found something to do', async () => {
    for (const { take } of firstServices)
      await expect(take(answering({ 'gandi-guest status': 'failed\n', ...USED }))).rejects.toThrow(
        /not configured/,
      );
    for (const { take } of secondServices)
      await expect(take(answering({ 'gandi-guest status': 'configured\n', ...USED }))).rejects.toThrow(
        /not unchanged/,
      );
  });
});
