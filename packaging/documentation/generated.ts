/** Writes the files of the repository that are made from definitions in the source. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { renderSettingsFile } from '../../src/machine/settings/settings-file.ts';
import { renderConfigSchema } from './config-schema.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

await writeFile(join(root, 'etc/default/gandi'), renderSettingsFile());
await writeFile(join(root, 'docs/config.schema.json'), renderConfigSchema());
