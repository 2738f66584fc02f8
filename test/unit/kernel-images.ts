/** A smallest ELF-64 kernel for x86-64: headers, one loaded segment, and no sections. */
export function elfKernel(): Buffer {
  const elf = Buffer.alloc(64 + 56 + 100, 7);
  elf.fill(0, 0, 120);
  elf.write('\u007fELF\u0002\u0001\u0001', 0, 'latin1');
  elf.writeUInt16LE(2, 16);
  elf.writeUInt16LE(62, 18);
  elf.writeBigUInt64LE(64n, 32); // e_phoff
  elf.writeUInt16LE(64, 52);
  elf.writeUInt16LE(56, 54); // e_phentsize
  elf.writeUInt16LE(1, 56); // e_phnum
  elf.writeUInt32LE(1, 64); // p_type: PT_LOAD
  elf.writeBigUInt64LE(120n, 64 + 8); // p_offset
  elf.writeBigUInt64LE(100n, 64 + 32); // p_filesz
  return elf;
}

const MAGIC = { lz4: 0x184c2102, zstd: 0xfd2fb528, gzip: 0x00088b1f };

/** A bzImage whose payload begins as that format does; its content says nothing. */
export function bzImage(format: keyof typeof MAGIC, contentBytes: number, version = 0x020f): Buffer {
  const image = Buffer.alloc(4096);
  image.writeUInt8(3, 0x1f1); // setup_sects: the payload's base is at byte 2048
  image.write('HdrS', 0x202, 'latin1');
  image.writeUInt16LE(version, 0x206);
  image.writeUInt32LE(100, 0x248); // payload_offset
  image.writeUInt32LE(504, 0x24c); // payload_length, size field included
  image.writeUInt32LE(MAGIC[format], 2148);
  image.writeUInt32LE(contentBytes, 2148 + 500);
  return image;
}
