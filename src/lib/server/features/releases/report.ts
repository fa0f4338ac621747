import type { Diagnostic } from '#kernel';

/** One step of a check or a publish. */
export interface Step {
	readonly step: string;
	readonly ok: boolean;
	/** Wall time. */
	readonly ms: number;
	/** Not run, because what it needs had failed. */
	readonly skipped: boolean;
}

export interface Report {
	readonly steps: readonly Step[];
	/** Sorted by file and place; what several steps find at one place is told once. */
	readonly diagnostics: readonly Diagnostic[];
	/** No step failed and none was skipped. */
	readonly ok: boolean;
}

/** Collects steps and findings; a step fails by an error among its findings. */
export interface ReportWriter {
	/** What `work` gives, or undefined where it found an error. It may find several; what it throws is a bug. */
	run<T>(step: string, work: (found: Diagnostic[]) => Promise<T> | T): Promise<T | undefined>;
	skip(step: string): undefined;
	finish(): Report;
}

export function createReport(): ReportWriter {
	// In the order of their beginnings; several may run at once.
	const steps: Step[] = [];
	const diagnostics: Diagnostic[] = [];
	return {
		async run(step, work) {
			const place = steps.push({ step, ok: false, ms: 0, skipped: false }) - 1;
			const begin = performance.now();
			const found: Diagnostic[] = [];
			const result = await work(found);
			const ok = !found.some((one) => one.severity === 'error');
			steps[place] = { step, ok, ms: performance.now() - begin, skipped: false };
			diagnostics.push(...found);
			return ok ? result : undefined;
		},
		skip(step) {
			steps.push({ step, ok: false, ms: 0, skipped: true });
			return undefined;
		},
		finish: () => ({
			steps: [...steps],
			diagnostics: eachOnce(diagnostics).toSorted(
				(a, b) => Number(a.file > b.file) - Number(a.file < b.file) || a.line - b.line || a.column - b.column
			),
			ok: steps.every((step) => step.ok)
		})
	};
}

function eachOnce(diagnostics: readonly Diagnostic[]): Diagnostic[] {
	const known = new Set<string>();
	return diagnostics.filter(({ file, line, column, message }) => {
		const key = JSON.stringify([file, line, column, message]);
		const isNew = !known.has(key);
		known.add(key);
		return isNew;
	});
}
