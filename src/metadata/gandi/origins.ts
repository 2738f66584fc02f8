import { canonicalMac } from '../fields/interface-name.ts';
import { parseHostAddress } from '../fields/ip-network.ts';
import { countCharacters } from '../fields/problem.ts';
import { parseSshKeys, shortKey } from '../fields/ssh-key.ts';
import type { Origin } from '../guest-config.ts';
import { interfaceNumber, isPublic, networkFields, toAddress, type VifFields } from './network.ts';
import type { ConfigFields } from './schema.ts';

/**
 * One row for each setting that is used: what it is, its value, and the field it came from. Of password, arguments and
 * command only the length is shown, since they can hold secrets.
 */
export function originsOf(fields: ConfigFields): Origin[] {
  const user = fields.user?.vm_conf;
  const postBoot = fields['post-boot']?.vm_conf;
  return [
    ...row('host name', fields['host-name']?.vm_hostname, 'vm_hostname'),
    ...(fields.network?.vif ?? []).flatMap(interfaceRows),
    ...(fields.resolver?.nameservers ?? []).flatMap((text, index) =>
      row('name server', parseHostAddress(text)?.text, `nameservers[${index}]`),
    ),
    ...(fields.resolver?.search_domains ?? []).flatMap((text, index) =>
      row('search domain', text.toLowerCase(), `search_domains[${index}]`),
    ),
    ...row('user', user?.user, 'vm_conf.user'),
    ...row('password', user?.password && maskHash(user.password), 'vm_conf.password'),
    ...parseSshKeys(user?.ssh_key ?? '').keys.flatMap((key) =>
      row('SSH key', shortKey(key), 'vm_conf.ssh_key'),
    ),
    ...row(
      'arguments of the script',
      postBoot?.script_args && countCharacters(postBoot.script_args),
      'vm_conf.script_args',
    ),
    ...row('command after boot', postBoot?.run && countCharacters(postBoot.run), 'vm_conf.run'),
  ];
}

function row(setting: string, value: string | null | undefined, field: string): Origin[] {
  return value ? [{ setting, value, field }] : [];
}

function interfaceRows(vif: VifFields, index: number): Origin[] {
  const number = interfaceNumber(vif, index);
  const { vif_mac, vif_name, vif_mtu } = vif;
  const own = [
    ...row(`MAC address of interface ${number}`, vif_mac && canonicalMac(vif_mac), `vif[${index}].vif_mac`),
    ...row(`name of interface ${number}`, vif_name, `vif[${index}].vif_name`),
    ...row(
      `MTU of interface ${number}`,
      vif_mtu == null ? undefined : String(vif_mtu),
      `vif[${index}].vif_mtu`,
    ),
  ];
  const addresses = (vif.pna ?? []).flatMap((pna, position) => {
    const field = `vif[${index}].pna[${position}]`;
    const { address, prefixLength, gateway, gatewayOnLink } = toAddress(pna);
    const key = networkFields(pna)?.key;
    const shown = gateway && `${gateway}${gatewayOnLink ? ', on link' : ''}`;
    return [
      ...row(
        `${isPublic(pna) ? 'public' : 'private'} address of interface ${number}`,
        `${address}/${prefixLength}`,
        `${field}.pna_address`,
      ),
      ...row(`gateway of interface ${number}`, shown, `${field}.${key}.${key}_gateway`),
    ];
  });
  return [...own, ...addresses];
}

/** The hash's method, such as `$6$…`. */
function maskHash(hash: string): string {
  return `${hash.slice(0, hash.indexOf('$', 1) + 1)}… (${countCharacters(hash)})`;
}
