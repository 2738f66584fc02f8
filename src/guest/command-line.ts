import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import { STAGE_STATES, STAGES, type Stage, type StageState } from '../host-report/report-line.ts';
import type { System } from '../plan/system.ts';
import { EXIT } from '../terminal/exit-status.ts';
import { createProgram } from '../terminal/program.ts';
import type { AnalyzeOptions } from './analyze.ts';
import type { DoctorOptions } from './doctor.ts';
import type { InspectOptions } from './inspect.ts';
import type { SealOptions } from './seal.ts';
import type { SeedOptions } from './seed.ts';
import type { StatusOptions } from './status.ts';

const DEFAULT_WAIT_SECONDS = 300;
const DEFAULT_SEED_MEBIBYTES = 512;

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('Expected a whole number above 0.');
  return value;
}

/** Tells a wrong usage that only the command finds, in one line, and throws. */
const refuseOf =
  (command: Command) =>
  (text: string): never =>
    command.error(text, { exitCode: EXIT.usage });

const severalNames = (name: string, before: readonly string[]) => [...before, name];

/**
 * The command line of gandi-guest; help, manual and completions are made from it. Each command loads only its own code.
 * @param end is given the exit status of the command that was run
 * @param system what commands run on
 */
export function defineCommandLine(end: (status: number) => void, system: System): Command {
  const program = createProgram(
    'gandi-guest',
    'Look at how this guest was configured; make and check seed disks; make an image of a guest.',
    system.output,
  );
  program
    .command('status')
    .description('what the programs did at this boot; exit status 1 if something failed')
    .option('--wait', 'wait until the boot’s programs have run')
    .option('--timeout <seconds>', 'longest wait', positive, DEFAULT_WAIT_SECONDS)
    .option('--json', 'print JSON')
    .option('--root <dir>', 'look at the unpacked image in this directory', '/')
    .action(async (options: StatusOptions) => {
      end(await (await import('./status.ts')).showStatus(options, system));
    });
  program
    .command('doctor')
    .description('what is wrong with this guest’s configuration, and what to do; exit status 1 for a problem')
    .option('--xen', 'whether it is ready to move from KVM to Xen')
    .option('--fix', 'with --xen: set right what can be set right safely; without it nothing is changed')
    .option('--json', 'print JSON')
    .option('--root <dir>', 'look at the unpacked image in this directory', '/')
    .action(async (options: DoctorOptions, command: Command) => {
      if (options.fix === true && options.xen !== true) refuseOf(command)('--fix goes with --xen');
      end(await (await import('./doctor.ts')).doctor(options, system));
    });
  program
    .command('analyze')
    .description(
      'where the time of the last boots went: units, steps, and changes that took long; times count from the start of the kernel',
    )
    .option('--blame', 'what took long first')
    .option('--svg <file>', 'draw this boot, or the last one that is known, as a picture')
    .option('--json', 'print JSON')
    .action(async (options: AnalyzeOptions) => {
      end(await (await import('./analyze.ts')).analyze(options, system));
    });
  program
    .command('verify')
    .description('what the host asked for beside what the guest shows; exit status 1 if something differs')
    .option('--json', 'print JSON')
    .action(async (options: { json?: boolean }) => {
      end(await (await import('./verify.ts')).verify(options, system));
    });
  program
    .command('decompress-kernel')
    .description('unpack an LZ4 or zstd kernel in place, under Xen PV or with CONFIG_DECOMPRESS_KERNEL=1')
    .argument('<image>', 'kernel image, such as /boot/vmlinuz-6.1.0-13-amd64')
    .action(async (image: string) => {
      end(await (await import('./decompress-kernel.ts')).decompress(image, system));
    });
  program
    .command('inspect')
    .description('what the host gave, where it was found, and which setting comes from which field')
    .option('--seed <file|device>', 'look at this archive or seed disk')
    .option('--json', 'print JSON')
    .option('--root <dir>', 'look at the unpacked image in this directory', '/')
    .action(async (options: InspectOptions) => {
      end(await (await import('./inspect.ts')).inspect(options, system));
    });
  program
    .command('accept')
    .description('take this disk for the host’s from the next boot on, where another one was used before')
    .argument('<device>', 'disk or partition, such as /dev/sdb1; status names one that was refused')
    .action(async (device: string) => {
      end(await (await import('./accept.ts')).accept(device, system));
    });
  program
    .command('report')
    .description(
      'tell the host how far this guest is, by every way that is there and that CONFIG_REPORT allows',
    )
    .addArgument(new Argument('<stage>', 'what it is about').choices(STAGES))
    .addArgument(
      new Argument('[state]', 'absent, of ready: by what the programs did at this boot').choices(
        STAGE_STATES,
      ),
    )
    .option('--error <text>', 'what failed; what looks like a secret is masked')
    .action(async (stage: Stage, state: StageState | undefined, options: { error?: string }) => {
      const { reportStage } = await import('./report.ts');
      end(await reportStage({ stage, ...(state === undefined ? {} : { state }), ...options }, system));
    });
  program
    .command('validate')
    .description('check a configuration, one file of a seed, or a seed; prints all problems with their paths')
    .argument(
      '<file>',
      'JSON configuration, user-data, tar archive, disk image, or such as network-config, by its name',
    )
    .option('--json', 'print JSON')
    .action(async (file: string, options: { json?: boolean }) => {
      end(await (await import('./validate.ts')).validate(file, options, system));
    });
  program
    .command('exec-port')
    .description('carry out what the host asks for over a virtio port; gandi-exec.service starts it')
    .argument('[device]', 'the guest’s end of the port', '/dev/virtio-ports/net.gandi.exec.0')
    .action(async (port: string) => {
      await (await import('./exec-port/exec-port.ts')).serveExecPort(port, system);
      end(EXIT.ok);
    });
  program
    .command('seed')
    .description('make the disk image that a host would attach')
    .argument('<config>', 'JSON configuration; of other formats the directory that has their files')
    .requiredOption('-o, --output <disk>', 'image to make; it must not exist')
    .addOption(
      new Option('--format <format>', 'whose seed it is; what follows, but --force, is about gandi alone')
        .choices(['gandi', 'nocloud', 'configdrive', 'cpio'])
        .default('gandi'),
    )
    .option('--script <file>', 'customer’s script')
    .option('--init <file>', 'host’s first-boot script')
    .option('--modules <file>', 'kernel modules, named <release>-modules.tar.gz or .tar.bz2')
    .addOption(
      new Option('--layout <layout>', 'how the disk shows up').choices(['gpt', 'raw', 'xen']).default('gpt'),
    )
    .option('--size <MiB>', 'size of the disk', positive, DEFAULT_SEED_MEBIBYTES)
    .option('--force', 'make it although the configuration has problems')
    .action(async (config: string, options: SeedOptions, command: Command) => {
      const given = Object.keys(options).filter((name) => command.getOptionValueSource(name) === 'cli');
      end(await (await import('./seed.ts')).makeSeed(config, options, given, system, refuseOf(command)));
    });
  program
    .command('seal')
    .description(
      'take from this guest what is its own, so that an image of it can be the start of many; it is done at the end of a shutdown',
    )
    .option('--check', 'only say what an image must not have; exit status 1 for an E')
    .option('--root <dir>', 'seal the unpacked image in this directory, at once', '/')
    .option('--now', 'seal the running guest at once: for what runs without any service')
    .option('--as-ordered', 'with --now: what an earlier call chose, within a shutdown')
    .option('--keep <name>', 'leave this part as it is; can be given several times', severalNames, [])
    .option('--all-users', 'also passwords, keys and secrets of users that the host did not ask for')
    .option('--registrations', 'also registrations with vendors')
    .option('--user-crontabs', 'also crontabs of users')
    .option('--first-boot', 'have systemd take the next boot for the first, and apply presets to all units')
    .option('--zero', 'overwrite free space and swap areas with zeros')
    .option('--fs-uuids', 'other UUIDs for file systems whose old ones are not named anywhere')
    .option('--dry-run', 'only show what would be done')
    .option('-y, --yes', 'do not ask')
    .option('--no-poweroff', 'do not shut down: the next shutdown seals')
    .option('--reboot', 'shut down by a reboot')
    .option('--json', 'print JSON')
    .action(async (options: SealOptions, command: Command) => {
      end(await (await import('./seal.ts')).seal(options, system, refuseOf(command)));
    });
  return program;
}
