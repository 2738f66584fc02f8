import type { Guest } from './guest.ts';
import type { GuestFile } from './image.ts';
import type { MetadataHost } from './metadata-hosts.ts';

const CONTENT = '/srv/host';
/** Where the kernel shows the words of the firmware. */
const DMI = '/sys/devices/virtual/dmi/id';
const DMI_FILES = ['sys_vendor', 'product_name', 'product_serial', 'bios_vendor', 'chassis_asset_tag'];

/** What a service does with every question: what its host says, or something that none should. */
export type Way = 'answer' | 'busy' | 'hang' | 'short' | 'elsewhere' | 'drip';

/** One question, by systemd's words on standard input and output. Scaleway tells its data to low ports alone. */
const PROGRAM = `#!/bin/sh
cd ${CONTENT} || exit 1
reply() { printf 'HTTP/1.1 %s\\r\\nContent-Length: %s\\r\\nConnection: close\\r\\n\\r\\n' "$1" "$2"; }
IFS=' ' read -r method path _
headers=
while IFS= read -r line && [ "\${#line}" -gt 1 ]; do headers="$headers$line "; done
echo "$method $path $REMOTE_PORT" >> /run/asked
case $(cat .way) in
  busy) reply '503 Busy' 0; exit ;;
  hang) exec sleep 60 ;;
  short) reply '200 OK' 1000; echo half; exit ;;
  elsewhere) printf 'HTTP/1.1 302 Found\\r\\nLocation: http://127.0.0.1:81/\\r\\nContent-Length: 0\\r\\n\\r\\n'; exit ;;
  drip) reply '200 OK' 1000; while sleep 1; do echo x; done; exit ;;
esac
# A token is asked for without one.
[ "$method" = PUT ] || echo "$headers" | tr '[:upper:]' '[:lower:]' | grep -qF "$(cat .header)" || { reply '403 Forbidden' 0; exit; }
case $path in
  /user_data/*|/vendor_data/*) [ "$REMOTE_PORT" -lt 1024 ] || { reply '403 Forbidden' 0; exit; } ;;
esac
file=$(echo "$path" | tr / %)
if [ -f "$file" ]; then reply '200 OK' "$(wc -c < "$file")"; cat "$file"; else reply '404 Not Found' 0; fi
`;

/** What an image needs to be a metadata host for itself. */
export const INSIDE_FILES: Readonly<Record<string, GuestFile>> = {
  '/usr/local/lib/metadata-host': { text: PROGRAM, mode: 0o755 },
  '/etc/systemd/system/metadata-host.socket': '[Socket]\nListenStream=80\nAccept=yes\n',
  '/etc/systemd/system/metadata-host@.service':
    '[Unit]\nCollectMode=inactive-or-failed\n[Service]\nExecStart=/usr/local/lib/metadata-host\nStandardInput=socket\nStandardError=journal\n',
};

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
const writes = (path: string, text: string) => `printf %s ${quoted(text)} > ${quoted(path)}`;

/** A guest that has its metadata service within itself: so one boot can have many hosts, one after the other. */
export class ServiceInside {
  readonly #guest: Guest;
  #placed: string | undefined;

  constructor(guest: Guest) {
    this.#guest = guest;
  }

  /** The firmware's words are those of a host from now on. */
  async setFirmware(firmware: Readonly<Record<string, string>>): Promise<void> {
    await this.#guest.output(
      [
        'set -e',
        'mkdir -p /run/dmi',
        `mountpoint -q ${DMI} || { cp ${DMI}/product_uuid /run/dmi/ 2> /dev/null || :; mount --bind /run/dmi ${DMI}; }`,
        ...DMI_FILES.map((name) => writes(`/run/dmi/${name}`, `${firmware[name] ?? 'none'}\n`)),
      ].join('\n'),
    );
  }

  /** Goes through what a boot does: the first run, then the one that asks the service. @returns status of the latter */
  async boot(host: MetadataHost): Promise<number> {
    await this.setFirmware(host.firmware);
    await this.#guest.output(
      [
        'set -e',
        `rm -rf ${CONTENT} /run/asked; mkdir -p ${CONTENT}`,
        writes(`${CONTENT}/.way`, 'answer'),
        writes(
          `${CONTENT}/.header`,
          host.header === undefined ? '' : `${host.header.name}: ${host.header.value.toLowerCase()}`,
        ),
        ...Object.entries(host.content).map(([path, text]) =>
          writes(`${CONTENT}/${path.replaceAll('/', '%')}`, text),
        ),
        'systemctl start metadata-host.socket',
      ].join('\n'),
    );
    await this.#guest.run('systemctl restart gandi-bootstrap', { seconds: 180 });
    await this.#place(host);
    return await this.ask();
  }

  /** Behind the first run, which may set the interface up anew. */
  async #place({ place: { address, interface: name } }: MetadataHost): Promise<void> {
    if (this.#placed !== undefined) await this.#guest.run(`ip address del ${this.#placed}`);
    this.#placed = `${address} dev ${name}`;
    await this.#guest.output(`ip address replace ${this.#placed} ${address.includes(':') ? 'nodad' : ''}`);
  }

  /** Asks the service, as the second run of a boot. @returns its exit status */
  async ask(): Promise<number> {
    return (await this.#guest.run('systemctl restart gandi-metadata', { seconds: 180 })).exitCode;
  }

  async setWay(way: Way): Promise<void> {
    await this.#guest.output(`rm -f /run/asked; ${writes(`${CONTENT}/.way`, way)}`);
  }

  /** `GET /v1.json 40123`, with the port that it came from. */
  async asked(): Promise<string[]> {
    return (await this.#guest.output('cat /run/asked')).split('\n');
  }
}
