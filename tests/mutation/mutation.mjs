// Switches off each access check of the server, one at a time, and shows that the suite notices: for each entry of mutants.json it edits a copy
// of the tree, builds it and runs the tests that are to fail. The last line is "N mutants, N killed, N survived". It ends with 0 only if each
// was killed.
//
//   tests/mutation/run              all of them
//   tests/mutation/run NAME…        those
//   tests/mutation/run --list       their names, and builds nothing
//   tests/mutation/run --check      whether each text that is to be replaced is there once, and builds nothing
import { spawn } from 'node:child_process';
import { copyFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

// A test that waits for what a mutant took away would wait for ever. Far beyond what the slowest class needs.
const testTimeout = 10 * 60 * 1000;
const root = join(import.meta.dirname, '..', '..');
const mutants = JSON.parse(readFileSync(join(import.meta.dirname, 'mutants.json'), 'utf8'));

const isOption = argument => argument.startsWith('--');
const names = process.argv.slice(2).filter(argument => !isOption(argument));
const options = process.argv.slice(2).filter(isOption);
for (const unknown of [
  ...names.filter(name => !mutants.some(mutant => mutant.name === name)),
  ...options.filter(option => option !== '--list' && option !== '--check'),
]) {
  fail(`There is no ${unknown}. tests/mutation/run --list says which mutants there are.`);
}

const chosen = names.length === 0 ? mutants : mutants.filter(mutant => names.includes(mutant.name));
if (options.includes('--list')) {
  for (const mutant of chosen) {
    console.log(mutant.name);
  }

  process.exit(0);
}

checkList();
if (options.includes('--check')) {
  console.log(`${chosen.length} mutants fit the code`);
  process.exit(0);
}

const started = Date.now();
const tree = mkdtempSync(join(tmpdir(), 'tollgate-mutation-'));
process.on('exit', () => rmSync(tree, { recursive: true, force: true }));
let child = null;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    child?.kill('SIGKILL');
    process.exit(130);
  });
}

const testFiles = await copyTree();
const projects = [...new Set(chosen.flatMap(mutant => mutant.tests).map(projectOf))];
console.log('Building the tests');
for (const project of projects) {
  mustSucceed(await build(join('tests', project)), `tests/${project} does not build`);
}

await baseline();
let killed = 0;
const survivors = [];
const broken = [];
for (const mutant of chosen) {
  const began = Date.now();
  const verdict = await judge(mutant);
  console.log(`${mutant.name}: ${verdict} (${Math.round((Date.now() - began) / 1000)} s)`);
}

console.log(`\n${Math.round((Date.now() - started) / 1000)} s in all`);
for (const [title, list] of [['Survived', survivors], ['Could not be judged', broken]]) {
  if (list.length > 0) {
    console.log(`${title}: ${list.join(', ')}`);
  }
}

console.log(`${chosen.length} mutants, ${killed} killed, ${survivors.length} survived`);
process.exit(killed === chosen.length ? 0 : 1);

async function judge(mutant) {
  const originals = new Map();
  for (const edit of editsOf(mutant)) {
    const path = join(tree, edit.file);
    const text = readFileSync(path, 'utf8');
    originals.set(path, originals.get(path) ?? text);
    writeFileSync(path, text.replace(edit.find, () => edit.replace));
  }

  try {
    const built = await rebuild(mutant);
    if (built.status !== 0) {
      broken.push(mutant.name);
      return `does not build\n${errorsOf(built)}`;
    }

    for (const test of mutant.tests) {
      const run = await runTests([test]);
      if (run.failed !== null) {
        killed++;
        return `killed by ${run.failed}`;
      }
    }

    survivors.push(mutant.name);
    return 'SURVIVED';
  } finally {
    for (const [path, text] of originals) {
      writeFileSync(path, text);
    }

    restoreBuilt(mutant);
  }
}

/** Without a mutant everything must pass, or a failure would say nothing. */
async function baseline() {
  console.log('Running the tests without a mutant');
  const run = await runTests([...new Set(chosen.flatMap(mutant => mutant.tests))]);
  if (run.failed !== null) {
    fail(`${run.failed} fails without a mutant:\n${run.output}`);
  }

  console.log(`${run.passed} tests pass without a mutant`);
}

/** Runs tests, each named as a class or as Class.Method, until one fails. */
async function runTests(tests) {
  let passed = 0;
  let output = '';
  for (const project of new Set(tests.map(projectOf))) {
    const filters = tests.filter(test => projectOf(test) === project).flatMap(test => ['-method', test.includes('.') ? `*.${test}` : `*.${test}.*`]);
    const report = join(tree, 'report.json');
    rmSync(report, { force: true });
    const run = await start(
      join(tree, 'artifacts', 'bin', project, 'release', project),
      [...filters, '-noLogo', '-noColor', '-stopOnFail', '-result-ctrf', report],
      tree,
      testTimeout);
    output += run.stdout;
    if (run.timedOut) {
      return { failed: `${tests.join(', ')}, which did not end`, passed, output };
    }

    const results = readReport(report);
    const failed = results.find(result => result.status === 'failed');
    if (failed || run.status !== 0) {
      return { failed: failed ? shortName(failed.name) : `${tests.join(', ')}, which ended with code ${run.status}`, passed, output };
    }

    passed += results.filter(result => result.status === 'passed').length;
    const missing = tests.find(test => projectOf(test) === project && !results.some(result => `${result.name}.`.includes(`.${test}`)));
    if (missing) {
      fail(`No test is called ${missing}.`);
    }
  }

  return { failed: null, passed, output };
}

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).results.tests;
  } catch {
    // A runner that crashed has written none; its code says so.
    return [];
  }
}

function shortName(name) {
  return name.replace(/^Tollgate\.\w+\.(\w+\.)*?(?=\w+Tests\.)/, '');
}

async function rebuild(mutant) {
  for (const project of projectsOf(mutant)) {
    const built = await build(join('src', project), '--no-restore', '--no-dependencies');
    if (built.status !== 0) {
      return built;
    }

    keepAndReplace(project);
  }

  return { status: 0 };
}

/** Puts the changed assembly where the tests load it from, and keeps the real one. */
function keepAndReplace(project) {
  const assembly = `${assemblyOf(project)}.dll`;
  for (const tests of projects) {
    const used = join(tree, 'artifacts', 'bin', tests, 'release', assembly);
    const kept = `${used}.real`;
    if (!readdirSync(join(used, '..')).includes(basename(kept))) {
      copyFileSync(used, kept);
    }

    copyFileSync(join(tree, 'artifacts', 'bin', project, 'release', assembly), used);
  }
}

function restoreBuilt(mutant) {
  for (const project of projectsOf(mutant)) {
    for (const tests of projects) {
      const used = join(tree, 'artifacts', 'bin', tests, 'release', `${assemblyOf(project)}.dll`);
      if (readdirSync(join(used, '..')).includes(`${basename(used)}.real`)) {
        copyFileSync(`${used}.real`, used);
      }
    }
  }
}

// The analyzers have had their say about the code as it is; a mutant may look odd. With CI set openapi/v1.json is not written.
function build(project, ...more) {
  return start(
    'dotnet',
    ['build', project, '-c', 'Release', '-nologo', '-v', 'quiet', '-p:CI=true', '-p:RunAnalyzers=false', '-p:TreatWarningsAsErrors=false', '-p:GenerateDocumentationFile=false', ...more],
    tree);
}

function errorsOf(built) {
  return [...new Set(built.stdout.split('\n').filter(line => line.includes(': error ')))].slice(0, 5).join('\n');
}

/** Copies what git tracks, with changes that are not committed yet, and answers the files of the tests. */
async function copyTree() {
  const listed = await start('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], root);
  mustSucceed(listed, 'git ls-files failed');
  const files = listed.stdout.split('\0').filter(file => file.length > 0);
  for (const file of files) {
    cpSync(join(root, file), join(tree, file));
  }

  return files.filter(file => file.startsWith('tests/') && file.endsWith('.cs'));
}

/** Which project a test is in, by the file of its class. */
function projectOf(test) {
  const [name] = test.split('.');
  const file = testFiles.find(each => each.endsWith(`/${name}.cs`));
  return file?.split('/')[1] ?? fail(`No file is called ${name}.cs.`);
}

function projectsOf(mutant) {
  return new Set(editsOf(mutant).map(edit => edit.file.split('/')[1]));
}

function assemblyOf(project) {
  return project === 'Tollgate.Server' ? 'tollgate-server' : project;
}

/** A check that is made twice is switched off in both places: each alone would be caught by the other. */
function editsOf(mutant) {
  return [mutant, ...(mutant.and ?? [])].map(edit => ({ ...edit, file: edit.file ?? mutant.file }));
}

/** Before anything is built: a mutant that does not fit the code any more must be mended or deleted by whoever changed the code. */
function checkList() {
  const twice = mutants.find((mutant, index) => mutants.findIndex(each => each.name === mutant.name) < index);
  if (twice) {
    fail(`Two mutants are called ${twice.name}.`);
  }

  const errors = chosen.flatMap(mutant => editsOf(mutant).flatMap(edit => {
    const count = readFileSync(join(root, edit.file), 'utf8').split(edit.find).length - 1;
    return count === 1 ? [] : [`${mutant.name}: ${edit.file} has ${count} times: ${edit.find}`];
  }));
  if (errors.length > 0) {
    fail(`Each text must be there exactly once.\n${errors.join('\n')}`);
  }
}

/** Runs a program to its end. */
function start(program, parameters, cwd, timeout = 0) {
  return new Promise((resolve, reject) => {
    const output = [];
    child = spawn(program, parameters, { cwd, stdio: ['ignore', 'pipe', 'inherit'], timeout, killSignal: 'SIGKILL' });
    child.stdout.on('data', chunk => output.push(chunk));
    child.on('error', reject);
    child.on('close', (status, signal) => {
      child = null;
      resolve({ status, stdout: Buffer.concat(output).toString(), timedOut: signal === 'SIGKILL' });
    });
  });
}

function mustSucceed(run, what) {
  if (run.status !== 0) {
    fail(`${what}\n${errorsOf(run)}`);
  }
}

function fail(text) {
  console.error(text);
  process.exit(1);
}
