import type { ParsedSql } from '#engine/sql';
import type { CatalogTable } from './catalog.ts';
import type { InPlace } from './in-place.ts';
import type { Query } from './query.ts';
import type { Scope } from './scope.ts';

/** A view of the module that others may read, by its name. */
export interface NamedSelect {
	readonly name: string;
	/** Path in the module, for diagnostics. */
	readonly file: string;
	readonly sql: string;
}

/**
 * A part of a view that is kept as a table of its own: a CTE, a subquery, a branch, another view. Where it
 * is read, its relation is `{@n}` in SQL and its name among changes `{#n}`, with its index in the reading;
 * `finishView` fills them in.
 */
export interface StageDraft {
	/** As the author knows it: `cte totals`. */
	readonly title: string;
	readonly query: Query;
	/** The view that it is, where it is one. */
	readonly view: NamedSelect | undefined;
}

/** What reading one view needs and gathers. */
export interface Reading {
	readonly tables: readonly CatalogTable[];
	/** The module's other views that can be reached, parsed. */
	readonly views: ReadonlyMap<string, { readonly view: NamedSelect; readonly parsed: ParsedSql }>;
	/** In an order in which each comes after those that it reads. */
	readonly stages: StageDraft[];
	/** Stages of views that were read already, by name. */
	readonly known: Map<string, number>;
	/** Views that are being read, the innermost last. */
	readonly path: readonly string[];
}

/** One text within a reading: the SELECT of one file, or a part of it. */
export interface Place {
	readonly reading: Reading;
	readonly parsed: ParsedSql;
	/** CTEs that can be named here; the innermost last. */
	readonly ctes: readonly Cte[];
	/** Of the SELECT in an expression of which this stands. */
	readonly outer?: Scope;
	/** LATERAL is computed for each row before it, not looked up. */
	readonly inPlace?: boolean;
}

export interface Cte {
	readonly name: string;
	/** Index of its stage, or what stands in its place where it names what is around. */
	readonly rows: number | InPlace;
}

/** The same where nothing around can be named. */
export function standingAlone({ reading, parsed, ctes }: Place): Place {
	return { reading, parsed, ctes: ctes.filter(({ rows }) => typeof rows === 'number') };
}

/** Location (in bytes, as the tree counts) of a keyword's first appearance. */
export function bytesAt(parsed: ParsedSql, word: string): number | undefined {
	const offset = parsed.keyword(word);
	return offset === undefined ? undefined : new TextEncoder().encode(parsed.text.slice(0, offset)).length;
}
