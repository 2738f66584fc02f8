import {
  type Answer,
  MetadataService,
  NoAnswer,
  type Question,
} from '../../machine/network/metadata-service.ts';
import { answerOf, presentAt, presentMacs, textOf, USER_DATA_BYTES } from '../service-answers.ts';
import type { Finding, World } from '../source.ts';

/** An interface, as the service lists it below `network/interfaces/macs`. */
export interface Ec2Interface {
  mac: string;
  deviceNumber?: string;
  networkCard?: string;
  /** One a line, the first is the primary. */
  ipv4s: string;
  ipv6s: string;
  /** `ADDRESS/PREFIX` of the subnet. */
  subnet: string;
}

/** What the service says, not looked at yet. */
export interface Ec2Answers {
  instanceId: string;
  hostName: string;
  /** The key of each that is listed. */
  keys: { field: string; text: string }[];
  /** Undefined where the service has no list of them, as one that is not ready yet. */
  interfaces?: Ec2Interface[];
  userData?: Uint8Array;
  /** Hardware addresses that the guest has. */
  present: string[];
}

/** Of a token, in seconds: the longest (AWS, "Retrieve instance metadata"). */
const TOKEN_SECONDS = '21600';
const TTL = 'X-aws-ec2-metadata-token-ttl-seconds';
const TOKEN = 'X-aws-ec2-metadata-token';
/** What a header can have; a token is base64. */
const IS_TOKEN = /^[\x21-\x7e]{1,1024}$/;

/** More keys or interfaces than an instance can have (AWS, "Elastic network interfaces") are not asked for. */
const MOST_KEYS = 100;
const MOST_INTERFACES = 32;

/** The service says that it is switched off. */
class Absent extends Error {}

/** Asks with a token, of which it gets a new one when the service wants that. */
class Ec2Service {
  readonly #service: MetadataService;
  readonly #name: string;
  readonly #needsToken: boolean;
  #token: string | undefined;

  constructor(addresses: readonly string[], seconds: number, needsToken: boolean) {
    this.#service = new MetadataService(addresses, seconds);
    this.#name = addresses[0] ?? '';
    this.#needsToken = needsToken;
  }

  /**
   * @throws Absent where the service is switched off, or not there
   * @throws NoAnswer as MetadataService, and where there is no token
   */
  async begin(): Promise<void> {
    const path = '/latest/api/token';
    const { status, body } = await this.#service.ask(path, {
      method: 'PUT',
      headers: { [TTL]: TOKEN_SECONDS },
    });
    if (status !== 200 && !this.#needsToken && status !== 403) return;
    if (status === 403 || status === 404) throw new Absent();
    const token = textOf(body);
    if (status !== 200) throw this.#noAnswer(path, `status ${status} in place of a token`);
    if (!IS_TOKEN.test(token)) throw this.#noAnswer(path, 'a token that no header can have');
    this.#token = token;
  }

  /** @returns undefined where there is no such thing */
  async get(path: string, question: Question = {}): Promise<Uint8Array | undefined> {
    let { status, body } = await this.#ask(path, question);
    if (status === 401 && this.#token !== undefined) {
      await this.begin();
      ({ status, body } = await this.#ask(path, question));
    }
    if (status === 404) return undefined;
    if (status !== 200) throw this.#noAnswer(path, `status ${status}`);
    return body;
  }

  async text(path: string): Promise<string> {
    const body = await this.get(path);
    return body === undefined ? '' : textOf(body);
  }

  #ask(path: string, question: Question): Promise<Answer> {
    const headers = this.#token === undefined ? {} : { [TOKEN]: this.#token };
    return this.#service.ask(path, { ...question, headers });
  }

  #noAnswer(path: string, found: string): NoAnswer {
    return new NoAnswer(`${this.#name}${path}`, found);
  }
}

const META = '/latest/meta-data';
const lines = (text: string) => text.split('\n').map((line) => line.trim());

/** The list has `0=name`: the number leads to the key. */
async function askKeys(service: Ec2Service): Promise<Ec2Answers['keys']> {
  const list = lines(await service.text(`${META}/public-keys/`));
  const numbers = list.flatMap((line) => /^(\d{1,4})=/.exec(line)?.[1] ?? []).slice(0, MOST_KEYS);
  const keys: Ec2Answers['keys'] = [];
  for (const number of numbers) {
    const field = `public-keys/${number}/openssh-key`;
    keys.push({ field, text: await service.text(`${META}/${field}`) });
  }
  return keys;
}

async function askInterfaces(service: Ec2Service): Promise<Ec2Interface[] | undefined> {
  const place = `${META}/network/interfaces/macs/`;
  const list = await service.get(place);
  if (list === undefined) return undefined;
  const listed = lines(textOf(list)).map((line) => line.replace(/\/$/, '').toLowerCase());
  const macs = listed.filter((line) => /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(line)).slice(0, MOST_INTERFACES);
  const interfaces: Ec2Interface[] = [];
  for (const mac of macs) {
    const field = (name: string) => service.text(`${place}${mac}/${name}`);
    interfaces.push({
      mac,
      deviceNumber: await field('device-number'),
      networkCard: await field('network-card'),
      ipv4s: await field('local-ipv4s'),
      ipv6s: await field('ipv6s'),
      subnet: await field('subnet-ipv4-cidr-block'),
    });
  }
  return interfaces;
}

/**
 * Asks the service of EC2 (AWS, "Use the Instance Metadata Service to access instance metadata"), version 2.
 * @param needsToken nothing is asked without a token: so it is with Amazon, whose version 1 any program that fetches
 *   addresses for others can be made to ask
 * @returns absent where the service is switched off (403), or not there (404)
 */
export const askEc2 = (
  addresses: readonly string[],
  { files, waitSeconds }: Pick<World, 'files' | 'waitSeconds'>,
  needsToken: boolean,
): Promise<Finding<Ec2Answers>> =>
  answerOf('EC2', async () => {
    const service = new Ec2Service(addresses, waitSeconds, needsToken);
    try {
      await service.begin();
    } catch (error) {
      if (error instanceof Absent) return { state: 'absent', sought: 'no metadata service of EC2' };
      throw error;
    }
    const instanceId = await service.text(`${META}/instance-id`);
    const hostName = await service.text(`${META}/local-hostname`);
    const keys = await askKeys(service);
    // Of hosts that do as Amazon's do some have no such list, and DHCP says all.
    const interfaces = (await askInterfaces(service)) ?? (needsToken ? undefined : []);
    const userData = await service.get('/latest/user-data', { mostBytes: USER_DATA_BYTES });
    return presentAt('EC2', addresses[0] ?? '', {
      instanceId,
      hostName,
      keys,
      ...(interfaces === undefined ? {} : { interfaces }),
      ...(userData === undefined ? {} : { userData }),
      present: presentMacs(files),
    });
  });
