import { AppError } from '#kernel';
import { Cursor } from './cursor.ts';
import { readPredicate } from './read-predicate.ts';
import type { Reading } from './read-term.ts';
import { conditionOf, testTerm, type Term } from './term.ts';
import { invalid } from './token.ts';
import type { Filter, FilterColumn } from './types.ts';

const longest = 10_000;

/**
 * Reads a filter over these columns. Throws FILTER_INVALID, whose meta has `offset`, `length`, `line`,
 * `column`, `problem` and `hint`.
 *
 *   filter      := conjunction (OR conjunction)*
 *   conjunction := negation (AND negation)*
 *   negation    := NOT negation | predicate
 */
export function parseFilter(source: string, columns: readonly FilterColumn[]): Filter {
	if (source.length > longest) {
		throw invalid(
			source.slice(0, 50),
			{ offset: 0, length: 50 },
			`A filter has at most ${longest} characters.`
		);
	}
	const cursor = new Cursor(source);
	const reading: Reading = {
		cursor,
		columns: new Map(columns.map((column) => [column.name, column])),
		used: new Set(),
		nested: () => readDisjunction(reading)
	};
	const term = readDisjunction(reading);
	if (cursor.next.kind !== 'end') throw cursor.unexpected('AND, OR or the end');
	return { expression: conditionOf(source, term), columns: [...reading.used].sort() };
}

export interface FilterProblem {
	readonly message: string;
	readonly hint?: string;
	/** From 0, in the filter's text. */
	readonly offset: number;
	readonly length: number;
}

/** What is wrong with a filter; undefined where nothing is. For the gate and the editor. */
export function checkFilter(source: string, columns: readonly FilterColumn[]): FilterProblem | undefined {
	try {
		parseFilter(source, columns);
		return undefined;
	} catch (error) {
		if (!(error instanceof AppError) || error.reason !== 'FILTER_INVALID') throw error;
		const { problem, ...place } = error.meta as unknown as FilterProblem & { problem: string };
		const { offset, length, hint } = place;
		return { message: problem, offset, length, ...(hint === undefined ? {} : { hint }) };
	}
}

function readDisjunction(reading: Reading): Term {
	return readChain(reading, 'or', () => readChain(reading, 'and', () => readNegation(reading)));
}

function readChain({ cursor }: Reading, op: 'and' | 'or', part: () => Term): Term {
	const first = part();
	if (!cursor.sees(op)) return first;
	const of = [conditionOf(cursor.source, first)];
	while (cursor.accept(op)) of.push(conditionOf(cursor.source, part()));
	return testTerm(first, { op, of });
}

function readNegation(reading: Reading): Term {
	const { cursor } = reading;
	const place = cursor.next;
	if (!cursor.accept('not')) return readPredicate(reading);
	return cursor.deeper(() =>
		testTerm(place, { op: 'not', of: conditionOf(cursor.source, readNegation(reading)) })
	);
}
