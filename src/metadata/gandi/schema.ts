import * as v from 'valibot';
import { isDomain, isHostName } from '../fields/host-name.ts';
import { isInterfaceName, isMacAddress } from '../fields/interface-name.ts';
import { parseHostAddress, parseNetwork } from '../fields/ip-network.ts';
import { isPasswordHash } from '../fields/password-hash.ts';
import { checkInterfaces } from './interfaces.ts';
import { checkPna, type Finding, type VifFields } from './network.ts';

// The format of gandi/config. The message of a rule says what it expects.

/** Numbers of interfaces: `ethN`. */
const VIF_NUMBER_LIMIT = 255;
/** Bytes of the smallest packet that IPv6 works with (RFC 8200, 5), and of the largest packet of IPv4. */
const MTU_LIMITS = { least: 1280, most: 65_535 };
/** Domains that every C library searches (resolv.conf(5): six up to glibc 2.25). */
const SEARCH_DOMAINS_LIMIT = 6;
/** Bytes in UTF-8 of the script's arguments and of the command; an argument of execve(2) holds at most 128 KiB. */
const TEXT_BYTES_LIMIT = 65_536;

/** An object; lists, which valibot takes for objects, are refused. Unknown keys are ignored. */
function jsonObject<const Entries extends v.ObjectEntries>(entries: Entries) {
  const schema = v.object(entries, 'an object');
  const run = schema['~run'];
  const refuseLists: typeof run = (dataset, config) => {
    if (Array.isArray(dataset.value)) {
      v._addIssue(schema, 'type', dataset, config);
      return dataset as unknown as v.FailureDataset<v.ObjectIssue>;
    }
    return run.call(schema, dataset, config);
  };
  return { ...schema, '~run': refuseLists };
}

/** A rule that looks at several fields, or at parts of one. */
function findings<Input>(check: (input: Input) => Finding[]) {
  return v.rawCheck<Input>(({ dataset, addIssue }) => {
    if (!dataset.typed) {
      return;
    }
    for (const { path, found, expected } of check(dataset.value)) {
      const [first, ...rest] = path.map(
        (key) => ({ type: 'unknown', origin: 'value', input: undefined, key, value: undefined }) as const,
      );
      addIssue({
        received: found,
        message: expected,
        ...(first === undefined ? {} : { path: [first, ...rest] }),
      });
    }
  });
}

/** What a rule means to programs that know JSON Schema alone: keywords for docs/config.schema.json. */
function jsonSchema<Input>(keywords: Record<string, unknown>) {
  return v.metadata<Input, { jsonSchema: Record<string, unknown> }>({ jsonSchema: keywords });
}

const HostAddress = v.pipe(
  v.string('an IPv4 or IPv6 address'),
  v.check((text) => parseHostAddress(text) !== undefined, 'the IPv4 or IPv6 address of a host'),
  jsonSchema({ anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }] }),
);

const Network = v.pipe(
  v.string('a network such as 192.0.2.0/24'),
  v.check((text) => parseNetwork(text) !== undefined, 'a network such as 192.0.2.0/24 or 2001:db8::/64'),
);

const OnLink = v.pipe(
  v.boolean('true or false'),
  v.description('whether the gateway is reached directly although it is outside of the network'),
);

const Pna = v.pipe(
  jsonObject({
    pna_address: HostAddress,
    pbn: v.nullish(
      jsonObject({
        pbn_network: Network,
        pbn_gateway: v.nullish(HostAddress),
        pbn_gateway_onlink: v.nullish(OnLink),
      }),
    ),
    pvn: v.nullish(
      jsonObject({
        pvn_network: Network,
        pvn_gateway: v.nullish(HostAddress),
        pvn_gateway_onlink: v.nullish(OnLink),
      }),
    ),
  }),
  findings(checkPna),
  v.description('an address and its network: either pbn (public) or pvn (private)'),
  jsonSchema({
    oneOf: [
      { required: ['pbn'], properties: { pbn: { type: 'object' } } },
      { required: ['pvn'], properties: { pvn: { type: 'object' } } },
    ],
  }),
);

function wholeNumber(least: number, most: number, why = '') {
  const expected = `a whole number from ${least} to ${most}${why}`;
  return v.pipe(
    v.number(expected),
    v.integer(expected),
    v.minValue(least, expected),
    v.maxValue(most, expected),
  );
}

/** Its pairs are counted here; which of them there can be, code tells. */
const MAC_FORM = '^[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}$';
const MAC = 'the MAC address of one interface, such as 00:16:3e:00:00:01';
const VIF_NAME = 'the name of an interface: at most 15 of A to Z, a to z, 0 to 9, ".", "_" and "-"';

const Vif = jsonObject({
  vif_number: v.nullish(wholeNumber(0, VIF_NUMBER_LIMIT)),
  vif_mac: v.nullish(v.pipe(v.string(MAC), v.check(isMacAddress, MAC), jsonSchema({ pattern: MAC_FORM }))),
  vif_name: v.nullish(
    v.pipe(v.string(VIF_NAME), v.check(isInterfaceName, VIF_NAME), jsonSchema({ maxLength: 15 })),
  ),
  vif_mtu: v.nullish(wholeNumber(MTU_LIMITS.least, MTU_LIMITS.most)),
  pna: v.optional(v.array(Pna, 'a list of addresses')),
});

const USER_NAME =
  'a user name: at most 32 of A to Z, a to z, 0 to 9, ".", "_" and "-", not first "-" and not digits or dots alone';
/** What useradd(8) of Debian 12 and 13 takes without --badname (shadow, lib/chkname.c), as does shadow elsewhere. */
const USER_NAME_FORM = /^(?:|(?!\d+$|\.{1,2}$)[A-Za-z0-9_.][A-Za-z0-9_.-]{0,31})$/;
const PASSWORD = 'a password hash of crypt(5), such as "openssl passwd -6" prints';

function postBootText(what: string) {
  return v.pipe(
    v.string(what),
    v.maxBytes(TEXT_BYTES_LIMIT, `${what} of at most ${TEXT_BYTES_LIMIT} bytes`),
    v.check((text) => !/[\0\p{Cs}]/u.test(text), `${what} of valid Unicode without zero characters`),
  );
}

const VmConf = jsonObject({
  // An empty text asks for nothing.
  user: v.nullish(v.pipe(v.string(USER_NAME), v.regex(USER_NAME_FORM, USER_NAME))),
  password: v.nullish(
    v.pipe(
      v.string(PASSWORD),
      v.check((text) => text === '' || isPasswordHash(text), PASSWORD),
    ),
  ),
  // Its lines are judged one by one (parse.ts): a good key lets somebody in, whatever stands beside it.
  ssh_key: v.nullish(v.string('public keys as text, one a line')),
  script_args: v.nullish(postBootText('arguments of the script as text')),
  run: v.nullish(postBootText('a command as text')),
});

const HOST_NAME = 'a host name (RFC 1123) of at most 64 characters, without a dot at the end';

const DOMAIN = 'a domain name (RFC 1123) of at most 253 characters, without a dot at the end';

/** The whole document. */
export const ConfigSchema = jsonObject({
  vm_hostname: v.nullish(
    v.pipe(
      v.string(HOST_NAME),
      v.check(isHostName, HOST_NAME),
      jsonSchema({ format: 'hostname', maxLength: 64 }),
    ),
  ),
  nameservers: v.optional(v.array(HostAddress, 'a list of addresses')),
  search_domains: v.optional(
    v.pipe(
      v.array(
        v.pipe(v.string(DOMAIN), v.check(isDomain, DOMAIN), jsonSchema({ format: 'hostname' })),
        'a list of domain names',
      ),
      v.maxLength(SEARCH_DOMAINS_LIMIT, `at most ${SEARCH_DOMAINS_LIMIT} domain names`),
    ),
  ),
  vif: v.optional(v.pipe(v.array(Vif, 'a list of interfaces'), findings<VifFields[]>(checkInterfaces))),
  vm_conf: v.optional(VmConf),
});

const { vm_hostname, nameservers, search_domains, vif } = ConfigSchema.entries;
const { user, password, ssh_key, script_args, run } = VmConf.entries;

/** What of the document belongs to each group, so that each is used or refused by itself. */
export const GROUP_SCHEMAS = {
  'host-name': jsonObject({ vm_hostname }),
  resolver: jsonObject({ nameservers, search_domains }),
  network: jsonObject({ vif }),
  user: jsonObject({ vm_conf: v.optional(jsonObject({ user, password, ssh_key })) }),
  'post-boot': jsonObject({ vm_conf: v.optional(jsonObject({ script_args, run })) }),
};

/** All groups as they are in the document; a group that was refused is missing. */
export interface ConfigFields {
  'host-name'?: v.InferOutput<(typeof GROUP_SCHEMAS)['host-name']>;
  resolver?: v.InferOutput<(typeof GROUP_SCHEMAS)['resolver']>;
  network?: v.InferOutput<(typeof GROUP_SCHEMAS)['network']>;
  user?: v.InferOutput<(typeof GROUP_SCHEMAS)['user']>;
  'post-boot'?: v.InferOutput<(typeof GROUP_SCHEMAS)['post-boot']>;
}
