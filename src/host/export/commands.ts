import { Option } from 'commander';
import type { CommandGroup } from '../context/command-group.ts';
import { filePath } from '../record/option-values.ts';
import { EXPORT_FORMATS, type ExportFormat } from './manifest.ts';

export const EXPORT_COMMANDS: CommandGroup = {
  define(program, run) {
    const command = program
      .command('export')
      .description('write what another engine needs to run the same guest')
      .argument('<name>', 'of the guest, which is off')
      .addOption(
        new Option('--format <format>', 'for which engine')
          .choices([...EXPORT_FORMATS])
          .makeOptionMandatory(),
      )
      .requiredOption('--output <dir>', 'directory to make; it must not exist', filePath)
      .action((name: string, options: { format: ExportFormat; output: string }) =>
        run(command, async (context) =>
          (await import('./export-guest.ts')).exportGuest(context, name, options),
        ),
      );
  },
};
