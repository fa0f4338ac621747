import { AppError } from '#kernel';
import { beginChecking } from './check/check.ts';
import { conditionOf } from './check/term.ts';
import { invalid } from './errors.ts';
import { parse } from './syntax/parse.ts';
import type { Filter, FilterColumn } from './types.ts';

/** Characters of a filter. */
const longestFilter = 10_000;

export interface FilterOptions {
	/**
	 * Whether text may be ordered by the database's collation. Such a filter is `databaseOnly`: it can be
	 * sent to Postgres, but not evaluated in here.
	 */
	readonly databaseOrder?: boolean;
}

/**
 * Reads a filter over these columns. Throws FILTER_INVALID, whose meta has `offset`, `length`, `line`,
 * `column`, `problem` and `hint`, and `near` where it is no expression at all.
 */
export function parseFilter(
	source: string,
	columns: readonly FilterColumn[],
	{ databaseOrder = false }: FilterOptions = {}
): Filter {
	if (source.length > longestFilter) {
		const message = `A filter has at most ${longestFilter} characters.`;
		throw invalid(source.slice(0, 50), { offset: 0, length: 50 }, message);
	}
	const syntax = parse(source);
	const checking = beginChecking(source, columns, databaseOrder);
	const expression = conditionOf(source, checking.term(syntax));
	const filter = { expression, columns: [...checking.used].sort() };
	return checking.usesDatabaseOrder ? { ...filter, databaseOnly: true } : filter;
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
