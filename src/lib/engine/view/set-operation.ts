import type { SelectStmt } from '#engine/sql';
import { distinctRows } from './distinct-rows.ts';
import { printOverTables, quote, type AggregateExpression, type Expression } from './expression.ts';
import { firstRows, readFirstRows } from './first-rows.ts';
import { readSelect, type Output, type Query } from './query.ts';
import { bytesAt, type Place, type Reading } from './reading.ts';
import { refuse } from './refusal.ts';
import { expressionOf, sql, type SqlParts } from './sql-parts.ts';
import { addStage, stageSource } from './stage-source.ts';
import { callSource, functionRows } from './call-source.ts';
import { isText } from './traits.ts';
import { isOutputNotNull } from './grouping.ts';

/** Rows one after the other, of stages, which are the query's sources: `a0`, `a1` … */
export interface Union {
	/** For each source the SQL of each output over it. */
	readonly branches: readonly (readonly string[])[];
}

type Operation = 'UNION' | 'INTERSECT' | 'EXCEPT';

/** UNION, INTERSECT or EXCEPT, with ALL or without. */
export function readSetOperation(place: Place, select: SelectStmt, isPart: boolean): Query {
	const operation = operationOf(select)!;
	const all = select.all ?? false;
	const query =
		operation === 'UNION'
			? unionOf(place, select, all, isPart)
			: countedRows(place, select, operation, all, isPart);
	const first = readFirstRows(place, undefined, select, query.outputs);
	return firstRows(place.reading, query, first);
}

export function operationOf({ op }: SelectStmt): Operation | undefined {
	return op === undefined || op === 'SETOP_NONE' ? undefined : (op.replace('SETOP_', '') as Operation);
}

function unionOf(place: Place, select: SelectStmt, all: boolean, isPart: boolean): Query {
	const rows = union(place, branchesOf(select, all), isPart);
	return all ? rows : distinctRows(place.reading, rows);
}

/** The branches of a chain of unions: what an inner UNION would leave out, an outer one does too. */
function branchesOf(select: SelectStmt, all: boolean): SelectStmt[] {
	return [select.larg!, select.rarg!].flatMap((side) => {
		const isPlain = !side.limitCount && !side.limitOffset && !side.withClause;
		const joins = operationOf(side) === 'UNION' && isPlain && (side.all || !all);
		return joins ? branchesOf(side, all) : [side];
	});
}

/** All rows of all branches. With `tag`, another output tells of each row its branch, from 0. */
function union(place: Place, selects: readonly SelectStmt[], isPart: boolean, tag?: string): Query {
	const queries = selects.map((select, index) => readSelect(place, select, isPart || index > 0));
	const [leading] = queries as [Query];
	for (const { outputs } of queries)
		refuseUnequal(place, leading.outputs.length, outputs.length, operationWord(selects));
	const names = leading.outputs.map(({ name }) => name);
	return unionQuery(place.reading, queries, names, tag);
}

export function refuseUnequal(place: Place, one: number, other: number, word = 'UNION'): void {
	if (one === other) return;
	refuse(
		bytesAt(place.parsed, word),
		'VIEW_UNION',
		`The sides have ${one} and ${other} columns.`,
		'Give each side as many columns.'
	);
}

/** The rows of queries with as many columns, one after the other. */
export function unionQuery(
	reading: Reading,
	queries: readonly Query[],
	names: readonly string[],
	tag?: string
): Query {
	const sources = queries.map((query, index) => {
		const stage = addStage(reading, { title: `branch ${index + 1}`, query, view: undefined });
		return stageSource(reading, stage, `b${index}`, undefined);
	});
	const branches = queries.map(({ outputs }, index) => [
		...outputs.map(({ name, expression }) =>
			// of what type it is, the other sides tell
			isUntyped(expression) ? printOverTables(expression) : `a${index}.${quote(name)}`
		),
		...(tag === undefined ? [] : [`${index}`])
	]);
	const outputs = names.map((name, index): Output => {
		const column = queries.map((query) => ({ query, expression: query.outputs[index]!.expression }));
		return {
			name,
			expression: expressionOf([`u.${quote(name)}`], {
				text: column.some(({ query, expression }) => isText(query.scope, expression)),
				notNull: column.every(({ query, expression }) => isOutputNotNull(query, expression))
			})
		};
	});
	const tagged: Output[] =
		tag === undefined
			? []
			: [{ name: tag, expression: expressionOf([`u.${quote(tag)}`], { notNull: true }) }];
	return {
		scope: { sources, merged: [] },
		conditions: [],
		outputs: [...outputs, ...tagged],
		grouping: undefined,
		union: { branches }
	};
}

function operationWord(selects: readonly SelectStmt[]): string {
	return selects.length > 2 ? 'UNION' : 'SELECT';
}

function isUntyped(expression: Expression): boolean {
	if (expression.kind !== 'compound' || expression.parts.length !== 1) return false;
	return /^(NULL$|E?')/.test(String(expression.parts[0]));
}

/** INTERSECT and EXCEPT: how often each side has a row tells whether, and how often, the result has it. */
function countedRows(
	place: Place,
	select: SelectStmt,
	operation: Exclude<Operation, 'UNION'>,
	all: boolean,
	isPart: boolean
): Query {
	const { reading } = place;
	const tag = '_side';
	const rows = union(place, [select.larg!, select.rarg!], isPart, tag);
	const stage = addStage(reading, { title: 'both sides', query: rows, view: undefined });
	const source = stageSource(reading, stage, 'sides', undefined);
	const column = (name: string): Expression => ({ kind: 'column', source: 0, column: name, at: undefined });
	const names = rows.outputs.map(({ name }) => name).filter((name) => name !== tag);
	const times = (side: number): AggregateExpression => ({
		kind: 'aggregate',
		name: 'count',
		args: [],
		distinct: false,
		order: [],
		withinGroup: false,
		filter: expressionOf(sql`(${column(tag)} OPERATOR(pg_catalog.=) ${String(side)})`, { notNull: true }),
		at: undefined
	});
	const [left, right] = [times(0), times(1)];
	const copies = all ? copiesOf(operation, left, right) : undefined;
	const having = copies
		? sql`(${copies} OPERATOR(pg_catalog.>) 0)`
		: sql`(${left} OPERATOR(pg_catalog.>) 0 AND ${right} OPERATOR(pg_catalog.${operation === 'INTERSECT' ? '>' : '='}) 0)`;
	const groups = names.map(column);
	const counted: Query = {
		scope: { sources: [source], merged: [] },
		conditions: [],
		outputs: [
			...names.map((name) => ({ name, expression: column(name) })),
			...(copies ? [{ name: '_copies', expression: expressionOf(copies, { notNull: true }) }] : [])
		],
		grouping: {
			groups,
			sets: [[...groups.keys()]],
			dependents: [],
			aggregates: [left, right],
			having: expressionOf(having)
		}
	};
	return copies ? repeated(reading, counted, names) : counted;
}

function copiesOf(operation: 'INTERSECT' | 'EXCEPT', left: Expression, right: Expression): SqlParts {
	return operation === 'INTERSECT' ? sql`LEAST(${left}, ${right})` : sql`GREATEST(${left} - ${right}, 0)`;
}

/** Each row as often as `_copies` says. */
function repeated(reading: Reading, counted: Query, names: readonly string[]): Query {
	const stage = addStage(reading, { title: 'counted rows', query: counted, view: undefined });
	const source = stageSource(reading, stage, 'counted', undefined);
	const column = (name: string): Expression => ({ kind: 'column', source: 0, column: name, at: undefined });
	const rows = functionRows(sql`pg_catalog.generate_series(1, ${column('_copies')})`);
	const call = callSource('copies', rows, ['n'], undefined);
	return {
		scope: { sources: [source, call], merged: [] },
		conditions: [],
		outputs: names.map((name) => ({ name, expression: column(name) })),
		grouping: undefined
	};
}
