import { MetadataService, NoAnswer } from '../../../src/machine/network/metadata-service.ts';

/** Run by Bun: asks a service once, and prints what it says, or why it says nothing. */
const [address = '', seconds = '', mostBytes = '', port = ''] = process.argv.slice(2);
const service = new MetadataService([address], Number(seconds), 10);
try {
  const { status, body } = await service.ask('/x', {
    mostBytes: Number(mostBytes),
    ...(port === 'low' ? { isFromLowPort: true } : {}),
  });
  process.stdout.write(`${status} ${Buffer.from(body)}`);
} catch (error) {
  if (!(error instanceof NoAnswer)) throw error;
  process.stdout.write(error.found);
}
