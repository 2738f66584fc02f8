import { decodeText, encodeText } from '../../../src/machine/formats/text/text-bytes.ts';

/** Run by Bun: decodes bytes, encodes them again, and prints these; both in hexadecimal. */
const [bytes = ''] = process.argv.slice(2);
process.stdout.write(encodeText(decodeText(Buffer.from(bytes, 'hex'))).toString('hex'));
