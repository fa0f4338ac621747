import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

/** Of the faults in tests/chaos those that every run meets; `npm run chaos` meets all. */
const chaosAlways = ['tests/chaos/takeover.test.ts'];

/** `.test.ts` and `.prop.test.ts` are pure, `.pg.test.ts` have a real Postgres, `.svelte.test.ts` a DOM. */
export default defineConfig({
	plugins: [svelte()],
	resolve: { conditions: ['browser'] },
	test: {
		execArgv: ['--no-node-snapshot'],
		maxWorkers: 2,
		reporters: ['default', './tests/support/closing-line.ts'],
		projects: [
			{
				extends: true,
				test: {
					name: 'unit',
					include: ['src/**/*.test.ts', 'sandbox/**/*.test.ts', 'tests/support/**/*.test.ts'],
					exclude: ['**/*.pg.test.ts', '**/*.svelte.test.ts', 'tests/e2e/**', '**/node_modules/**']
				}
			},
			{
				extends: true,
				test: {
					name: 'postgres',
					include: ['src/**/*.pg.test.ts', 'sandbox/**/*.pg.test.ts'],
					globalSetup: ['tests/support/global-setup.ts'],
					testTimeout: 60_000,
					hookTimeout: 60_000
				}
			},
			{
				extends: true,
				test: { name: 'svelte', include: ['src/**/*.svelte.test.ts'], environment: 'jsdom' }
			},
			{
				extends: true,
				test: {
					name: 'e2e',
					include: ['tests/e2e/**/*.test.ts'],
					testTimeout: 180_000,
					hookTimeout: 180_000,
					fileParallelism: false
				}
			},
			{
				extends: true,
				test: {
					name: 'chaos',
					include: process.env['LOAM_CHAOS'] ? ['tests/chaos/**/*.test.ts'] : chaosAlways,
					testTimeout: 300_000,
					hookTimeout: 180_000,
					fileParallelism: false
				}
			}
		]
	}
});
