import { MetadataService, NoAnswer } from '../../machine/network/metadata-service.ts';
import { answerOf, presentAt, USER_DATA_BYTES } from '../service-answers.ts';
import type { Finding, World } from '../source.ts';

/** How long each of the data is asked for at most, in seconds: a service that has just answered answers soon, or never. */
const DATA_SECONDS = 5;

/** Data that the service did not give, and what it did in place of that, for people. */
export interface Withheld {
  path: string;
  found: string;
}

/** What the service says, not looked at yet. */
export interface ScalewayAnswers {
  metaData: Uint8Array;
  userData?: Uint8Array;
  vendorData?: Uint8Array;
  withheld: Withheld[];
}

/**
 * Asks the service (Scaleway, "User data": these are given to source ports below 1024 alone). That user-data are withheld costs
 * nothing else.
 * @returns unreachable where it does not answer, absent where it has nothing
 */
export async function ask(
  addresses: readonly string[],
  { waitSeconds }: World,
): Promise<Finding<ScalewayAnswers>> {
  return await answerOf('Scaleway', async () => {
    const path = '/conf?format=json';
    const { status, body } = await new MetadataService(addresses, waitSeconds).ask(path);
    if (status === 404) return { state: 'absent', sought: 'no metadata service of Scaleway' };
    if (status !== 200) throw new NoAnswer(`${addresses[0]}${path}`, `status ${status}`);
    const withheld: Withheld[] = [];
    const data = async (name: string) => {
      const told = await askData(addresses, `/${name}`, Math.min(waitSeconds, DATA_SECONDS));
      if (typeof told === 'string') withheld.push({ path: name, found: told });
      return typeof told === 'string' ? undefined : told;
    };
    const userData = await data('user_data/cloud-init');
    const vendorData = await data('vendor_data/cloud-init');
    return presentAt('Scaleway', addresses[0] ?? '', {
      metaData: body,
      ...(userData === undefined ? {} : { userData }),
      ...(vendorData === undefined ? {} : { vendorData }),
      withheld,
    });
  });
}

/** @returns undefined where there are none; a text where they are withheld, which says how */
async function askData(
  addresses: readonly string[],
  path: string,
  seconds: number,
): Promise<Uint8Array | string | undefined> {
  try {
    const { status, body } = await new MetadataService(addresses, seconds).ask(path, {
      mostBytes: USER_DATA_BYTES,
      isFromLowPort: true,
    });
    if (status === 200) return body;
    return status === 404 || status === 204 ? undefined : `status ${status}`;
  } catch (error) {
    if (error instanceof NoAnswer) return error.found;
    throw error;
  }
}
