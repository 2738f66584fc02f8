import { systemCommands } from '../../../src/machine/commands/commands.ts';

/** Run by Bun: runs the command of the first argument with the options of the second, and prints how it ended. */
const [argv = '[]', options = '{}'] = process.argv.slice(2);
process.stdout.write(JSON.stringify(await systemCommands.run(JSON.parse(argv), JSON.parse(options))));
