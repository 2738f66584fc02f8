import * as v from 'valibot';
import { isHostName } from './host-name.ts';
import { checkInterfaces } from './interfaces.ts';
import { parseHostAddress, parseNetwork } from './ip-network.ts';
import { checkPna, type Finding, type VifFields } from './network.ts';
import { isPasswordHash } from './password-hash.ts';
import { parseSshKeys } from './ssh-key.ts';

// The format of gandi/config. The message of a rule says what it expects.

/** Numbers of interfaces: `ethN`. */
const VIF_NUMBER_LIMIT = 255;
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

const HostAddress = v.pipe(
  v.string('an IPv4 or IPv6 address'),
  v.check((text) => parseHostAddress(text) !== undefined, 'the IPv4 or IPv6 address of a host'),
);

const Network = v.pipe(
  v.string('a network such as 192.0.2.0/24'),
  v.check((text) => parseNetwork(text) !== undefined, 'a network such as 192.0.2.0/24 or 2001:db8::/64'),
);

const Pna = v.pipe(
  jsonObject({
    pna_address: HostAddress,
    pbn: v.nullish(jsonObject({ pbn_network: Network, pbn_gateway: v.nullish(HostAddress) })),
    pvn: v.nullish(jsonObject({ pvn_network: Network, pvn_gateway: v.nullish(HostAddress) })),
  }),
  findings(checkPna),
);

const VIF_NUMBER = `a whole number from 0 to ${VIF_NUMBER_LIMIT}`;

const Vif = jsonObject({
  vif_number: v.nullish(
    v.pipe(
      v.number(VIF_NUMBER),
      v.integer(VIF_NUMBER),
      v.minValue(0, VIF_NUMBER),
      v.maxValue(VIF_NUMBER_LIMIT, VIF_NUMBER),
    ),
  ),
  pna: v.optional(v.array(Pna, 'a list of addresses')),
});

const USER_NAME = 'a user name: a to z, 0 to 9, _ and -, not first a digit or -, at most 32 characters';
const PASSWORD = 'a password hash of crypt(5), such as "openssl passwd -6" prints';

function postBootText(what: string) {
  return v.pipe(
    v.string(what),
    v.maxBytes(TEXT_BYTES_LIMIT, `${what} of at most ${TEXT_BYTES_LIMIT} bytes`),
    v.check((text) => !/[\0\p{Cs}]/u.test(text), `${what} of valid Unicode without zero characters`),
  );
}

const VmConf = jsonObject({
  /** Debian's useradd(8) takes these names without --badname. */
  user: v.nullish(v.pipe(v.string(USER_NAME), v.regex(/^[a-z_][a-z0-9_-]{0,31}$/, USER_NAME))),
  password: v.nullish(v.pipe(v.string(PASSWORD), v.check(isPasswordHash, PASSWORD))),
  ssh_key: v.nullish(
    v.pipe(
      v.string('public keys as text, one a line'),
      findings((text: string) => parseSshKeys(text).faults.map((fault) => ({ path: [], ...fault }))),
    ),
  ),
  script_args: v.nullish(postBootText('arguments of the script as text')),
  run: v.nullish(postBootText('a command as text')),
});

const HOST_NAME = 'a host name (RFC 1123) of at most 64 characters, without a dot at the end';

/** The whole document. */
export const ConfigSchema = jsonObject({
  vm_hostname: v.nullish(v.pipe(v.string(HOST_NAME), v.check(isHostName, HOST_NAME))),
  nameservers: v.optional(v.array(HostAddress, 'a list of addresses')),
  vif: v.optional(v.pipe(v.array(Vif, 'a list of interfaces'), findings<VifFields[]>(checkInterfaces))),
  vm_conf: v.optional(VmConf),
});

const { vm_hostname, nameservers, vif } = ConfigSchema.entries;
const { user, password, ssh_key, script_args, run } = VmConf.entries;

/** What of the document belongs to each group, so that each is used or refused by itself. */
export const GROUP_SCHEMAS = {
  'host-name': jsonObject({ vm_hostname }),
  resolver: jsonObject({ nameservers }),
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
