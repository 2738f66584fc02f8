/**
 * Runs suites and adds up their results: `node test/run.mjs [lint] [types] [build] [unit] [packages] [host] [guest]
 * [host-guests]`, all by
 * default; `long`: what takes too long for each run; or `properties`: the files of unit tests with property tests,
 * each tried on 10,000 inputs (PROPERTY_RUNS in the environment is another number). The last line is `N passed, N failed`.
 * Lint, types and build count as one test each. Exit status 1 if any failed.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const reports = mkdtempSync(join(tmpdir(), 'gandi-guest-test-'));

/** @typedef {{ passed: number, failures: string[] }} Result */

/** @type {Record<string, () => Result>} */
const suites = {
  lint: () => command('lint', 'node_modules/.bin/biome', ['check', '--error-on-warnings', '.']),
  types: () => command('types', 'node_modules/.bin/tsc', ['--noEmit', '-p', '.']),
  build: () => command('build', 'make', ['--no-print-directory', 'build']),
  // Some wait for deadlines: a third worker keeps both cores busy.
  unit: () => vitest('unit', ['--coverage', '--maxWorkers=3']),
  packages: () => vitest('packages', []),
  host: () => vitest('host', []),
  guest: () => vitest('guest', []),
  'host-guests': () => vitest('host-guests', []),
  long: () => vitest('long', []),
  properties,
};
const byDefault = ['lint', 'types', 'build', 'unit', 'packages', 'host', 'guest', 'host-guests'];

/** @param {string} name @param {string} program @param {string[]} args @param {string} note what to expect */
function run(name, program, args, note = '') {
  process.stdout.write(`\n== ${name}${note}\n`);
  return spawnSync(program, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
}

/** @param {string} name @param {string} program @param {string[]} args @returns {Result} */
function command(name, program, args) {
  const succeeded = run(name, program, args);
  return succeeded
    ? { passed: 1, failures: [] }
    : { passed: 0, failures: [`${name}: ${program} ${args.join(' ')}`] };
}

/** @param {string} project one of vitest.config.ts @param {string[]} options @returns {Result} */
function vitest(project, options) {
  const file = join(reports, `${project}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const args = ['run', '--project', project, ...reporters, ...options];
  // Else it looks as if it hung: test/longest-first.ts.
  const note = ': files are told as they end, and those that take longest begin first';
  const succeeded = run(project, 'node_modules/.bin/vitest', args, note);
  const result = { passed: 0, failures: /** @type {string[]} */ ([]) };
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    return { passed: 0, failures: [`${project}: vitest left no report: ${error}`] };
  }
  for (const { name, status, message, assertionResults } of report.testResults) {
    const where = `${project}: ${name.replace(root, '')}`;
    const passed = assertionResults.filter((test) => test.status === 'passed');
    // A test that did not run, such as after a failed set-up, is no success.
    const others = assertionResults.filter((test) => test.status !== 'passed');
    result.passed += passed.length;
    for (const test of others) {
      result.failures.push(
        `${where}: ${test.fullName}: ${firstLine(test.failureMessages?.[0] ?? test.status)}`,
      );
    }
    if (status === 'failed' && others.length === 0) result.failures.push(`${where}: ${firstLine(message)}`);
  }
  // Such as an error outside of any test, or no test at all.
  if (!succeeded && result.failures.length === 0)
    result.failures.push(`${project}: vitest failed, see above`);
  return result;
}

/** @returns {Result} */
function properties() {
  const folder = join(root, 'test/unit');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) =>
      name.endsWith('.test.ts') && readFileSync(join(folder, name), 'utf8').includes('property-runs.ts'),
  );
  // Read by test/property-runs.ts.
  process.env.PROPERTY_RUNS ??= '10000';
  return vitest(
    'unit',
    files.map((name) => join('test/unit', name)),
  );
}

/** @param {string} text */
function firstLine(text) {
  return text.trim().split('\n', 1)[0];
}

const names = process.argv.length > 2 ? process.argv.slice(2) : byDefault;
const unknown = names.filter((name) => !(name in suites));
if (unknown.length > 0) {
  process.stderr.write(`test: no suite ${unknown.join(', ')}; there are ${Object.keys(suites).join(', ')}\n`);
  process.exit(2);
}
try {
  const results = names.map((name) => suites[name]());
  const failures = results.flatMap((result) => result.failures);
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  process.stdout.write(`\n${failures.map((failure) => `FAILED ${failure}\n`).join('')}`);
  const minutes = (performance.now() / 60_000).toFixed(1);
  process.stdout.write(
    `${names.join(', ')}: ${minutes} minutes; all suites are to take 35 at most on two cores\n`,
  );
  process.stdout.write(`${passed} passed, ${failures.length} failed\n`);
  process.exitCode = failures.length > 0 ? 1 : 0;
} finally {
  rmSync(reports, { recursive: true });
}
