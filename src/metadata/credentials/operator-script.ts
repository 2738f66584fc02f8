import type { FileView } from '../../machine/files/files.ts';
import { encodeText } from '../../machine/formats/text/text-bytes.ts';
import type { OperatorScript } from '../operator-script.ts';
import { credentialText, firmwareStrings } from './firmware.ts';

type Firmware = Pick<FileView, 'readText' | 'status'>;

/** The credential's name. */
const NAME = 'gandi.operator-script';

/** As whoever starts QEMU gives it: `-fw_cfg name=opt/net.gandi/operator-script,file=F`, or as a credential of systemd's. */
const FW_CFG = ['opt/net.gandi/operator-script', `opt/io.systemd.credentials/${NAME}`];
const fwCfgFile = (name: string) => `/sys/firmware/qemu_fw_cfg/by_name/${name}/raw`;

/**
 * An operator script that a virtual machine's firmware brings. It is no configuration: the one that the guest has otherwise
 * counts beside it.
 * @throws the system's error if a file that is there cannot be read
 */
export function firmwareOperatorScript(files: Firmware): OperatorScript | undefined {
  for (const name of FW_CFG) {
    const path = fwCfgFile(name);
    const text = files.status(path) === undefined ? undefined : files.readText(path);
    if (text !== undefined) return { content: encodeText(text), field: `fw_cfg ${name}` };
  }
  for (const string of firmwareStrings(files)) {
    const content = credentialText(string, NAME);
    if (content instanceof Uint8Array) return { content, field: `SMBIOS type 11 ${NAME}` };
  }
  return undefined;
}
