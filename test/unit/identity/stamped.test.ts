import { expect, it } from 'vitest';
import { recordBoot } from '../../../src/boot-record/record-boot.ts';
import { instance } from '../../../src/identity/instance.ts';
import { systemCommands } from '../../../src/machine/commands/commands.ts';
import { observeFacts } from '../../../src/machine/facts/observed-facts.ts';
import { Files } from '../../../src/machine/files/files.ts';
import { ReadTrace } from '../../../src/machine/files/trace/read-trace.ts';
import { finished, MOUNTS, RECORD } from '../boot-record/finished-run.ts';
import { makeContext } from '../context.ts';
import { temporaryRoot } from '../temporary-root.ts';

it('whatever tells a clone is compared by the next boot: the first boot of a copy is no unchanged one', async () => {
  const root = temporaryRoot({
    '/etc/machine-id': `${'a'.repeat(32)}\n`,
    '/proc/self/mountinfo': MOUNTS,
    '/sys/class/block/sda/size': '8\n',
    '/sys/class/dmi/id/product_uuid': '00112233-4455-6677-8899-aabbccddeeff\n',
    ...Object.fromEntries(
      ['eth0', 'eth1'].flatMap((name, index) => [
        [`/sys/class/net/${name}/address`, `52:54:00:00:00:0${index}\n`],
        [`/sys/class/net/${name}/device/vendor`, '0x1af4\n'],
      ]),
    ),
  });
  const trace = new ReadTrace();
  const files = new Files(root.root, trace);
  const plan = instance.plan({ ...makeContext(), files, facts: observeFacts(files, true, {}) });
  expect(plan.changes.at(-1)).toMatchObject({
    content: expect.stringContaining('"macs":["52:54:00:00:00:00","52:54:00:00:00:01"]'),
  });
  await recordBoot(finished({}, { trace }), { files: root, commands: systemCommands, live: true }, {});
  const [, compared = ''] = /^kernel_files='([^']*)'$/m.exec(root.readText(RECORD) ?? '') ?? [];
  expect(compared.split(' ')).toEqual(
    expect.arrayContaining([
      '/sys/class/dmi/id/product_uuid',
      '/sys/class/net/eth0/address',
      '/sys/class/net/eth1/address',
    ]),
  );
});
