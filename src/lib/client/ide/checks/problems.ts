import type { Diagnostic } from '#kernel';

/**
 * The problems of a draft, each once: what the browser finds at each keystroke (`instant`), what
 * TypeScript in the editor says (`types`), and the last answer of the gate. A finding of the gate that
 * the other two know, or knew when the answer came, is theirs: it goes with the keystroke that mends it.
 */
export function mergeProblems(
	instant: readonly Diagnostic[],
	types: readonly Diagnostic[],
	gate: readonly Diagnostic[]
): Diagnostic[] {
	const seen = new Set<string>();
	const merged: Diagnostic[] = [];
	for (const found of [...instant, ...types, ...gate]) {
		const key = keyOf(found);
		if (!seen.has(key)) merged.push(found);
		seen.add(key);
	}
	return merged.sort(inOrder);
}

/** The findings that only the gate has. */
export function gateAlone(gate: readonly Diagnostic[], known: readonly Diagnostic[]): Diagnostic[] {
	const keys = new Set(known.map(keyOf));
	return gate.filter((found) => !keys.has(keyOf(found)));
}

/** The same words at the same place are one finding. TypeScript's columns differ a little on both sides. */
function keyOf(found: Diagnostic): string {
	return found.file.endsWith('.ts') ? lineKeyOf(found) : `${found.column}:${lineKeyOf(found)}`;
}

function lineKeyOf({ file, line, message }: Diagnostic): string {
	return `${file}:${line}:${message.replace(/\s+/g, ' ').trim()}`;
}

/** As a list shows them: what is told of several places of one line, once. */
export function oncePerLine(problems: readonly Diagnostic[]): Diagnostic[] {
	const seen = new Set<string>();
	return problems.filter((found) => {
		const key = lineKeyOf(found);
		return !seen.has(key) && seen.add(key);
	});
}

function inOrder(a: Diagnostic, b: Diagnostic): number {
	if (a.severity !== b.severity) return a.severity === 'error' ? -1 : 1;
	if (a.file !== b.file) return a.file < b.file ? -1 : 1;
	return a.line - b.line || a.column - b.column;
}

export interface ProblemCount {
	readonly errors: number;
	readonly warnings: number;
}

export function countProblems(problems: readonly Diagnostic[]): ProblemCount {
	const errors = problems.filter((problem) => problem.severity === 'error').length;
	return { errors, warnings: problems.length - errors };
}

export function countByFile(problems: readonly Diagnostic[]): Map<string, ProblemCount> {
	return new Map(
		[...Map.groupBy(problems, (problem) => problem.file)].map(([file, own]) => [file, countProblems(own)])
	);
}
