import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type TestProjectConfiguration } from 'vitest/config';

/** Started by `main.ts`, which puts the server and what is missing of npm in place. */
const foreign = process.env['LOAM_FOREIGN']!;
const checkout = process.env['ELECTRIC_REPO'];
const isCached = process.env['ELECTRIC_PROXY_CACHE_URL'] !== undefined;

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const require = createRequire(import.meta.url);

/** The client's own tests out of a checkout, whose packages need not be installed: what they want is found here. */
function electric(repository: string): TestProjectConfiguration {
	const root = join(repository, 'packages/typescript-client');
	const suites = ['client', 'integration', ...(isCached ? ['cache'] : [])];
	return {
		root,
		server: { fs: { strict: false } },
		resolve: {
			alias: [
				{ find: /^uuid$/, replacement: path('shims/uuid.ts') },
				{ find: /^cache-control-parser$/, replacement: path('shims/cache-control-parser.ts') },
				{ find: /^pg$/, replacement: require.resolve('pg') },
				{
					find: /^@microsoft\/fetch-event-source$/,
					replacement: join(foreign, 'patched/lib/esm/index.js')
				},
				{
					find: /^vitest$/,
					replacement: join(dirname(require.resolve('vitest/package.json')), 'dist/index.js')
				}
			]
		},
		test: {
			name: 'electric',
			include: suites.map((name) => `test/${name}.test.ts`),
			globalSetup: join(root, 'test/support/global-setup.ts'),
			setupFiles: [path('shims/browser.ts')],
			fileParallelism: false,
			testTimeout: 30_000,
			environment: 'node'
		}
	};
}

const packages: TestProjectConfiguration = {
	root: path('../..'),
	test: {
		name: 'npm',
		include: ['tests/conformance/npm/*.test.ts'],
		fileParallelism: false,
		testTimeout: 30_000
	}
};

export default defineConfig({
	root: path('../..'),
	test: {
		execArgv: ['--no-node-snapshot'],
		maxWorkers: 1,
		reporters: ['default', path('../support/closing-line.ts')],
		projects: checkout ? [electric(checkout), packages] : [packages]
	}
});
