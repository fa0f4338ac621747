import type { Reporter, TestModule } from 'vitest/node';

/** Ends the run with the one line that scripts read: `N passed, N failed`, and `, N skipped` where any was. */
export default class ClosingLine implements Reporter {
	onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
		const count = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
		for (const module of modules) {
			const before = count.failed;
			for (const test of module.children.allTests()) {
				const { state } = test.result();
				if (state !== 'pending') count[state]++;
			}
			// A file that could not be loaded or set up has no failed test, and is a failure.
			if (module.state() === 'failed' && count.failed === before) count.failed++;
		}
		const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : '';
		process.on('exit', () =>
			process.stdout.write(`\n${count.passed} passed, ${count.failed} failed${skipped}\n`)
		);
	}
}
