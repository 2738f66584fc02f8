/** Fields of a header as text, as they go into the block; numbers are padded octal digits. */
export interface HeaderText {
  name: string;
  mode?: string;
  size?: string | Uint8Array;
  type?: string;
  magic?: string;
  prefix?: string;
  link?: string;
  checksum?: string;
}

/** A header block with any content, the right checksum unless one is given. */
export function header(fields: HeaderText): Buffer {
  const block = Buffer.alloc(512);
  block.write(fields.name, 0, 'latin1');
  block.write(fields.mode ?? '0000600\0', 100, 'latin1');
  block.write('0000000\0', 108, 'latin1');
  block.write('0000000\0', 116, 'latin1');
  const size = fields.size ?? '00000000000\0';
  block.set(typeof size === 'string' ? Buffer.from(size, 'latin1') : size, 124);
  block.write('00000000000\0', 136, 'latin1');
  block.write(fields.type ?? '0', 156, 'latin1');
  block.write(fields.link ?? '', 157, 'latin1');
  block.write(fields.magic ?? 'ustar\x0000', 257, 'latin1');
  block.write(fields.prefix ?? '', 345, 'latin1');
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(fields.checksum ?? `${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** A member with its content, padded to whole blocks. */
export function member(fields: HeaderText, content = ''): Buffer {
  const bytes = Buffer.from(content);
  const size = `${bytes.length.toString(8).padStart(11, '0')}\0`;
  const padding = Buffer.alloc((512 - (bytes.length % 512)) % 512);
  return Buffer.concat([header({ size, ...fields }), bytes, padding]);
}

/** One record of a pax header. */
export function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const length = [1, 2, 3, 4]
    .map((digits) => rest.length + digits)
    .find((sum) => String(sum).length + rest.length === sum);
  return `${length}${rest}`;
}

/** Members and the two zero blocks at the end. */
export function archive(...members: Buffer[]): Buffer {
  return Buffer.concat([...members, Buffer.alloc(1024)]);
}

export const DIRECTORY = member({ name: 'gandi/', type: '5', mode: '0000700\0' });
export const CONFIG = member({ name: 'gandi/config' }, '{"vm_hostname":"web1"}');
