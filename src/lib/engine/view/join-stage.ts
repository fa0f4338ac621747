import type { CatalogColumn } from './catalog.ts';
import type { Expression } from './expression.ts';
import { hasAround, ownIsland, ownNumber, ownSources } from './inner-clauses.ts';
import { allConditions, allSources, type Island } from './join-tree.ts';
import { sourcesOf } from './lineage.ts';
import { addItem, addUnnamed, type Names } from './names.ts';
import { rejectsNulls } from './null-rejection.ts';
import type { Output, Query } from './query.ts';
import type { Place } from './reading.ts';
import { notYet } from './refusal.ts';
import type { FromColumn } from './scope.ts';
import { expressionOf } from './sql-parts.ts';
import { addStage, stageSource } from './stage-source.ts';
import { isText } from './traits.ts';

/**
 * Whether the side of an outer join has to be a stage of its own: where ON, or a condition of the side, may be
 * true of a row that lacks what the side itself joins outside. What is then lacking is no key of a row, and only
 * the stage tells that it came or went.
 */
export function needsStage(side: Island, on: readonly Expression[]): boolean {
	if (side.late.length > 0) return true;
	const lacking = allSources(side).filter((source) => !side.sources.includes(source));
	return lacking.some((source) =>
		on.some((condition) => sourcesOf(condition).includes(source) && !rejectsNulls(condition, source))
	);
}

/** Names of their own, with islands and conditions over them, numbered from 0: as in a query of its own. */
export function standingAlone<Key extends string>(
	names: Names,
	islands: Readonly<Record<Key, Island>>,
	on: readonly Expression[],
	at: number | undefined
): { names: Names; islands: Record<Key, Island>; on: Expression[] } {
	const { base } = names;
	const calls = names.sources.flatMap(({ call }) => (call ? [call] : []));
	const all = [...on, ...calls, ...Object.values<Island>(islands).flatMap(allConditions)];
	if (all.some((condition) => hasAround(condition, base)))
		notYet(
			at,
			'an outer join of a join, where one of them names the SELECT around it',
			'Compute the join in a CTE, and name the SELECT around in WHERE.'
		);
	const own = (expression: Expression) => ownNumber(expression, base);
	const column = ({ name, expression }: FromColumn) => ({ name, expression: own(expression) });
	const items = names.items.map((item) => ({
		...item,
		source: item.source - base,
		columns: item.columns.map(column)
	}));
	const { outer: _, ...rest } = names;
	return {
		names: {
			...rest,
			base: 0,
			sources: ownSources(names.sources, base),
			items,
			merged: names.merged.map((merged) => ({
				...column(merged),
				items: merged.items.map((item) => items[names.items.indexOf(item)]!)
			}))
		},
		islands: Object.fromEntries(
			Object.entries<Island>(islands).map(([key, island]) => [key, ownIsland(island, base)])
		) as Record<Key, Island>,
		on: on.map(own)
	};
}

/**
 * Joined rows as one stage, of which `rows` gives the query, under the names that they had: adds it to a scope, and
 * returns its number. `valueOf` says what a column of USING is.
 */
export function addJoinStage(
	scope: Names,
	place: Place,
	title: string,
	{ names, at }: { readonly names: Names; readonly at: number | undefined },
	valueOf: (merged: Names['merged'][number]) => Expression,
	rows: (outputs: readonly Output[]) => Query
): number {
	const outputs: Output[] = [];
	const output = (expression: Expression): string => {
		const name = `f${outputs.length}`;
		outputs.push({ name, expression });
		return name;
	};
	const items = names.items.map(({ alias, columns }) => ({
		alias,
		columns: columns.map(({ name, expression }) => ({ name, column: output(expression) }))
	}));
	const merged = names.merged.map((one) => ({ ...one, column: output(valueOf(one)) }));
	// a stage needs a column
	if (outputs.length === 0) output(expressionOf(['true'], { notNull: true }));
	const stage = addStage(place.reading, { title, query: rows(outputs), view: undefined });
	const source = stageSource(place.reading, stage, '', at);
	const columns = source.table.columns.map((column) => ({
		...column,
		...followsFrom(names, outputs, column.name)
	}));
	const id = addUnnamed(scope, { ...source, table: { ...source.table, columns } });
	const columnAt = (column: string): Expression => ({ kind: 'column', source: id, column, at: undefined });
	const added = items.map(({ alias, columns }) => {
		const item = {
			alias,
			source: id,
			columns: columns.map(({ name, column }) => ({ name, expression: columnAt(column) }))
		};
		addItem(scope, item, at);
		return item;
	});
	scope.merged.push(
		...merged.map(({ name, column, items: of }) => ({
			name,
			expression: columnAt(column),
			items: of.map((item) => added[names.items.indexOf(item)]!)
		}))
	);
	return id;
}

/** The key of the table that a column is of, by its names here. */
function followsFrom(names: Names, outputs: readonly Output[], name: string): Pick<CatalogColumn, 'follows'> {
	const expression = outputs.find((output) => output.name === name)?.expression;
	if (expression?.kind !== 'column') return {};
	const { table, stage } = names.sources[expression.source]!;
	if (stage !== undefined) return {};
	const follows = table.key.flatMap((key) => {
		const found = outputs.find(
			({ expression: one }) => one.kind === 'column' && one.source === expression.source && one.column === key
		);
		return found ? [found.name] : [];
	});
	return follows.length === table.key.length && follows.length > 0 ? { follows } : {};
}

/** What a column of USING is where either side may be lacking. */
export function eitherOf(names: Names, { name, expression, items }: Names['merged'][number]): Expression {
	const other = items
		.flatMap(({ columns }) => columns.filter((column) => column.name === name))
		.map((column) => column.expression);
	const both = [expression, ...other].flatMap((one, index) => (index === 0 ? [one] : [', ', one]));
	return expressionOf(['COALESCE(', ...both, ')'], { text: isText(names, expression) });
}
