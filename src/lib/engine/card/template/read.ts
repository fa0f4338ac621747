import { ExpressionSyntaxError, type Expression } from '../language/ast.ts';
import { attempt, compileExpression, type Evaluate } from './compile.ts';
import { parseText } from '../language/parse.ts';
import type { Scope } from '../language/scope.ts';

/** A value of a card, read in a scope. `constant` where it is the same in every scope. */
export interface Read<T> {
	(scope: Scope): T;
	readonly constant?: boolean;
}

export function constant<T>(value: T): Read<T> {
	return Object.assign(() => value, { constant: true });
}

/** Applies a function; to a constant once for all. */
export function mapRead<A, B>(read: Read<A>, map: (value: A) => B): Read<B> {
	return read.constant ? constant(map(read(undefined as never))) : (scope) => map(read(scope));
}

export function combine<A extends readonly unknown[], B>(
	reads: { readonly [K in keyof A]: Read<A[K]> },
	map: (...values: A) => B
): Read<B> {
	const all = reads as unknown as readonly Read<unknown>[];
	const run = (scope: Scope) => map(...(all.map((read) => read(scope)) as unknown as A));
	return all.every((read) => read.constant) ? constant(run(undefined as never)) : run;
}

const parsed = new Map<string, Expression | undefined>();
const keep = 5000;

/** The parsed expression of a text; undefined where there is none. Throws ExpressionSyntaxError. */
export function parseTemplate(source: string): Expression | undefined {
	if (!source.includes('${')) return undefined;
	if (parsed.has(source)) return parsed.get(source);
	const expression = parseText(source);
	if (parsed.size >= keep) parsed.clear();
	parsed.set(source, expression);
	return expression;
}

/**
 * Reads a text that may hold `${…}`. An expression that fails, or is no expression, reads as
 * undefined: a screen never breaks over one value. The gate has told the author.
 */
export function readText(source: string): Read<unknown> {
	const evaluate = evaluator(source);
	return evaluate ? (scope) => attempt(evaluate, scope) : constant(source);
}

/** As `readText`, but false where the text isn't a boolean that is true. */
export function readCondition(source: unknown): Read<boolean> {
	if (typeof source === 'boolean') return constant(source);
	if (typeof source !== 'string') return constant(true);
	const read = readText(source);
	return mapRead(read, (value) => (read.constant ? value !== 'false' : value === true));
}

function evaluator(source: string): Evaluate | undefined {
	try {
		const expression = parseTemplate(source);
		return expression && compileExpression(expression);
	} catch (error) {
		if (error instanceof ExpressionSyntaxError) return () => undefined;
		throw error;
	}
}
