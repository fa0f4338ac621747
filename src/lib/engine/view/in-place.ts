import type { SelectStmt } from '#engine/sql';
import { aggregateParts, marked } from './exposed.ts';
import { columnOverTables, leaves, mapped, quote, type Dependence, type Expression } from './expression.ts';
import { readFirstRows, type FirstRows } from './first-rows.ts';
import type { Grouping } from './grouping.ts';
import { expressionsOf, hasWithin } from './inner-clauses.ts';
import { allSources, printIsland } from './join-tree.ts';
import { readClauses, readCtes, refuseClauses, type Clauses, type Output, type Query } from './query.ts';
import type { Place, Reading } from './reading.ts';
import type { Source } from './scope.ts';
import { operationOf, refuseUnequal } from './set-operation.ts';
import { expressionOf, joined, sql, whereOf, type SqlParts } from './sql-parts.ts';
import { addStage, stageSource } from './stage-source.ts';
import { isText } from './traits.ts';

/**
 * A SELECT that names what is around it, as text that stands where the author wrote it. It reads stages, and
 * where one of them changes, all that it stands in is computed again: the way of every SELECT for which there is
 * no cheaper one.
 */
export interface InPlace {
	readonly text: SqlParts;
	readonly columns: readonly { readonly name: string; readonly isText: boolean }[];
	readonly depends: readonly Dependence[];
}

/** A term of ORDER BY. */
export interface Ordered {
	readonly expression: Expression;
	readonly direction: string;
}

/** `order` is that of ARRAY(…). */
export function inPlace(reading: Reading, clauses: Clauses, order: readonly Ordered[] = []): InPlace {
	const read = withStages(reading, clauses);
	const { island, scope, outputs, first, grouping } = read;
	const base = scope.base ?? 0;
	const written = new Written(base);
	const from = marked((mark) =>
		printIsland(
			island,
			(source) => sourceText(scope.sources[source - base]!, source, (call) => mark(written.over(call))),
			(condition) => mark(written.over(condition))
		)
	);
	const where = [...island.conditions, ...island.late].map((one): SqlParts => [written.over(one)]);
	const shown = first ? outputs.slice(0, first.count) : outputs;
	const values = shown.map(({ name, expression }) => sql`${written.over(expression)} AS ${quote(name)}`);
	const tail = [
		...whereOf(where),
		...(grouping ? groupText(grouping, written) : []),
		...orderText(read, written, order),
		...limitText(first?.distinctOn?.length === 0 ? oneOf(first.limit) : first?.limit)
	];
	return {
		text: sql`SELECT ${distinctText(read, written)}${joined(values, ', ')} FROM ${from}${tail}`,
		columns: shown.map(({ name, expression }) => ({ name, isText: isText(scope, expression) })),
		depends: [
			...scope.sources.flatMap(({ stage }) => (stage === undefined ? [] : [wholly(stage)])),
			...written.depends
		]
	};
}

/** Every row is touched where that stage changes. */
function wholly(stage: number): Dependence {
	return { stage, alias: '', via: [], on: undefined };
}

function sourceText(
	{ table, stage, call }: Source,
	source: number,
	written: (call: Expression) => string
): string {
	if (!call) return `{@${stage}} AS a${source}`;
	const columns = table.columns.map(({ name }) => quote(name)).join(', ');
	return `${written(call)} AS a${source}(${columns})`;
}

/** With a stage in place of each table, which has what is read of it. */
function withStages(reading: Reading, clauses: Clauses): Clauses {
	const { scope } = clauses;
	const base = scope.base ?? 0;
	const used = expressionsOf(clauses).flatMap((expression) => [...leaves(expression)]);
	const sources = scope.sources.map((source, index) => {
		if (source.stage !== undefined || source.call) return source;
		const { alias, at, table, nullable = false } = source;
		const names = new Set(
			used.flatMap((leaf) => (leaf.kind === 'column' && leaf.source === base + index ? [leaf.column] : []))
		);
		const columns = table.columns.filter(({ name }) => names.has(name));
		const outputs = columns.map(({ name }) => ({
			name,
			expression: { kind: 'column', source: 0, column: name, at: undefined } as const
		}));
		const query: Query = {
			scope: { sources: [{ alias, at, table }], merged: [] },
			conditions: [],
			// a stage needs a column
			outputs:
				outputs.length > 0
					? outputs
					: [{ name: 'c0', expression: expressionOf(['true'], { notNull: true }) }],
			grouping: undefined
		};
		const stage = addStage(reading, { title: `rows of ${table.name}`, query, view: undefined });
		return { ...stageSource(reading, stage, alias, at), nullable };
	});
	return { ...clauses, scope: { ...scope, sources } };
}

/** A SELECT of its own, or UNION and its kin, that names what is around it (`place.outer`). */
export function selectInPlace(place: Place, select: SelectStmt): InPlace {
	const operation = operationOf(select);
	if (!operation) return inPlace(place.reading, readClauses(place, select, true));
	refuseClauses(place.parsed, select);
	const within = { ...place, ctes: readCtes(place, select) };
	const [left, right] = [select.larg!, select.rarg!].map((side) => selectInPlace(within, side)) as [
		InPlace,
		InPlace
	];
	refuseUnequal(place, left.columns.length, right.columns.length, operation);
	const outputs = left.columns.map(({ name }): Output => ({
		name,
		expression: expressionOf([`x.${quote(name)}`])
	}));
	const first = readFirstRows(place, undefined, select, outputs);
	const order = (first?.order ?? []).map(({ name, direction }) => `x.${quote(name)}${direction}`);
	const sorted = order.length > 0 ? ` ORDER BY ${order.join(', ')}` : '';
	const rows = sql`(${left.text}) ${operation}${select.all ? ' ALL' : ''} (${right.text})`;
	return {
		text: first ? sql`SELECT x.* FROM (${rows}) AS x${sorted}${limitText(first.limit)}` : rows,
		columns: left.columns.map(({ name, isText: known }, index) => ({
			name,
			isText: known || right.columns[index]!.isText
		})),
		depends: [...left.depends, ...right.depends]
	};
}

function distinctText({ distinct, first }: Clauses, written: Written): SqlParts {
	if (distinct) return ['DISTINCT '];
	const on = first?.distinctOn?.map((name): SqlParts => [written.over(named(first, name))]);
	return on && on.length > 0 ? sql`DISTINCT ON (${joined(on, ', ')}) ` : [];
}

/** DISTINCT ON of constants alone leaves one row, of which LIMIT and OFFSET may leave none. */
function oneOf(limit: FirstRows['limit']): NonNullable<FirstRows['limit']> {
	const isCut = limit !== undefined && (limit.limit === 0 || limit.offset > 0);
	return { limit: isCut ? 0 : 1, offset: 0, withTies: false };
}

function named({ outputs }: FirstRows, name: string): Expression {
	return outputs.find((output) => output.name === name)!.expression;
}

function groupText({ groups, dependents, sets, having }: Grouping, written: Written): SqlParts {
	const set = (indexes: readonly number[]) =>
		joined(
			[...indexes.map((index) => groups[index]!), ...dependents].map((one): SqlParts => [written.over(one)]),
			', '
		);
	const by =
		sets.length > 1
			? sql`GROUPING SETS (${joined(
					sets.map((one) => sql`(${set(one)})`),
					', '
				)})`
			: set(sets[0]!);
	return [
		...(by.length > 0 ? sql` GROUP BY ${by}` : []),
		...(having ? sql` HAVING ${written.over(having)}` : [])
	];
}

/** Where rows are chosen by it, what tells them apart goes last, so that no two are level. */
function orderText(
	{ scope, island, outputs, grouping, distinct, first }: Clauses,
	written: Written,
	order: readonly Ordered[]
): SqlParts {
	if (!first && order.length === 0) return [];
	const names = first?.order.map(({ name }) => name) ?? [];
	const wanted = [
		...order,
		...(first?.order ?? []).map(({ name, direction }) => ({ expression: named(first!, name), direction })),
		// Postgres wants these first
		...(first?.distinctOn ?? [])
			.filter((name) => !names.includes(name))
			.map((name) => ({ expression: named(first!, name), direction: '' }))
	];
	const sorted = wanted.map(({ expression, direction }) => sql`${written.over(expression)}${direction}`);
	const base = scope.base ?? 0;
	const key = distinct
		? outputs.slice(0, first?.count).map((_, index): SqlParts => [String(index + 1)])
		: grouping
			? grouping.groups.map((group): SqlParts => [written.over(group)])
			: allSources(island).flatMap((source) =>
					scope.sources[source - base]!.table.key.map((name): SqlParts => [columnOverTables(source, name)])
				);
	const by = first?.limit?.withTies ? sorted : [...sorted, ...key];
	return by.length > 0 ? sql` ORDER BY ${joined(by, ', ')}` : [];
}

export function limitText(cut: FirstRows['limit']): SqlParts {
	if (!cut) return [];
	const { limit, offset, withTies } = cut;
	const rows = limit === undefined ? '' : ` FETCH FIRST ${limit} ROWS ${withTies ? 'WITH TIES' : 'ONLY'}`;
	return [` OFFSET ${offset}${rows}`];
}

/** Expressions of a SELECT in place, as they stand in its text. */
class Written {
	/** What subqueries within it depend on, of every row. */
	readonly depends: Dependence[] = [];
	readonly #base: number;

	constructor(base: number) {
		this.#base = base;
	}

	over(expression: Expression): Expression {
		return mapped(expression, (part) => {
			if (part.kind === 'column')
				return part.source >= this.#base
					? expressionOf([columnOverTables(part.source, part.column)], { within: true })
					: undefined;
			if (part.kind === 'aggregate') {
				const args = mapped(part, (arg) => (arg === part ? undefined : this.over(arg)));
				return expressionOf(aggregateParts(args as typeof part), { within: true });
			}
			if (part.window) {
				// it is no call of the SELECT around
				const { window: _, ...call } = part;
				return this.over(call);
			}
			if (!part.depends || !hasWithin(part, this.#base)) return undefined;
			const { depends, ...rest } = part;
			this.depends.push(...depends.map((one) => ({ ...one, via: [], on: undefined })));
			return this.over(rest);
		});
	}
}
