/** An address of docs/example-config.json in a public network. */
export interface PublicAddress {
  pna_address: string;
  pbn: { pbn_network: string; pbn_gateway: string };
}

/** What docs/example-config.json has of the host's format; IPv4 comes first. */
export interface ExampleConfig {
  vm_hostname: string;
  nameservers: string[];
  vif: [{ pna: [PublicAddress] }, { pna: [{ pna_address: string; pvn: { pvn_network: string } }] }];
  vm_conf: { user: string; password: string; ssh_key: string };
}
