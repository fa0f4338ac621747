import type { Node } from '#engine/sql';
import type { Place } from './reading.ts';
import { notYet, refuse } from './refusal.ts';
import type { Expression } from './expression.ts';
import { allSources, type Island } from './join-tree.ts';
import { expressionOf, sql } from './sql-parts.ts';
import { isText } from './traits.ts';
import {
	itemOf,
	sourceAt,
	type FromColumn,
	type FromItem,
	type MergedColumn,
	type Scope,
	type Source
} from './scope.ts';

/** What can be named in a SELECT, while its FROM is read. */
export interface Names extends Scope {
	readonly sources: Source[];
	readonly items: FromItem[];
	readonly merged: MergedColumn[];
	readonly base: number;
}

/** A FROM has fewer sources than this. */
const baseStep = 100;

export function emptyNames(place: Place): Names {
	const { outer } = place;
	const base = outer ? (outer.base ?? 0) + baseStep : 0;
	return { sources: [], items: [], merged: [], base, place, ...(outer && { outer }) };
}

/** A source under its own name; returns its number. `names` are other names of its first columns. */
export function addSource(scope: Names, source: Source, names: readonly string[] = []): number {
	const id = addUnnamed(scope, source);
	addItem(scope, itemOf(source, id, names), source.at);
	return id;
}

/** A source whose columns are what is said here. */
export function addNamed(scope: Names, source: Source, columns: readonly FromColumn[]): number {
	const id = addUnnamed(scope, source);
	addItem(scope, { alias: source.alias, source: id, columns }, source.at);
	return id;
}

/** So many tables a FROM may have. */
const maximumSources = 12;
/** More are not even read, for what joins of them mean takes long to find out. Stages may still take some away. */
const readSources = 16;

export function refuseMoreSources({ sources }: Pick<Names, 'sources'>, most = maximumSources): void {
	if (sources.length > most)
		notYet(sources[maximumSources]!.at, `more than ${maximumSources} tables`, 'Make two views.');
}

export function addUnnamed(scope: Names, source: Source): number {
	refuseMoreSources(scope, readSources);
	return scope.base + scope.sources.push(source) - 1;
}

export function addItem(scope: Names, item: FromItem, at: number | undefined): void {
	if (scope.items.some(({ alias }) => alias === item.alias))
		refuse(
			at,
			'VIEW_DUPLICATE_TABLE',
			`"${item.alias}" stands twice in FROM.`,
			`Give one of them another name: ${item.alias} AS other.`
		);
	scope.items.push(item);
}

/** Of a list of names as the parser has it. */
export function namesIn(nodes: readonly Node[] = []): string[] {
	return nodes.map((node) => ('String' in node ? (node.String.sval ?? '') : ''));
}

/** Sources that a row may lack. */
export function lackingRows(scope: Names, side: Island): void {
	for (const source of allSources(side))
		scope.sources[source - scope.base] = { ...sourceAt(scope, source), nullable: true };
}

/** The far side of an outer join: what is computed of its columns is NULL where a row lacks it, too. */
export function markNullable(scope: Names, side: Island): void {
	lackingRows(scope, side);
	const sources = allSources(side);
	const [first] = side.sources as [number];
	for (const [index, item] of scope.items.entries()) {
		if (!sources.includes(item.source)) continue;
		const columns = item.columns.map((column) => ({
			...column,
			// of LATERAL it may be a column of what is around
			expression: isOf(sources, column.expression)
				? column.expression
				: presentOnly(scope, first, column.expression)
		}));
		const made = { ...item, columns };
		scope.items[index] = made;
		for (const [at, merged] of scope.merged.entries())
			if (merged.items.includes(item))
				scope.merged[at] = { ...merged, items: merged.items.map((one) => (one === item ? made : one)) };
	}
}

function isOf(sources: readonly number[], expression: Expression): boolean {
	return expression.kind === 'column' && sources.includes(expression.source);
}

function presentOnly(scope: Names, source: number, expression: Expression): Expression {
	const column = sourceAt(scope, source).table.key[0]!;
	const present: Expression = { kind: 'column', source, column, at: undefined };
	return expressionOf(sql`(CASE WHEN ${present} IS NOT NULL THEN ${expression} END)`, {
		text: isText(scope, expression)
	});
}
