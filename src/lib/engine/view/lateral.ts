import type { Node } from '#engine/sql';
import { callSource } from './call-source.ts';
import { Exposed, withoutSubqueries } from './exposed.ts';
import type { Expression } from './expression.ts';
import { innerClauses, namesAround } from './inner-clauses.ts';
import { distinctClauses, exposedRows, inPlace } from './inner-rows.ts';
import { keyedStage } from './keyed-stage.ts';
import type { Names } from './names.ts';
import { readClauses, selectOf, type Clauses } from './query.ts';
import type { Place } from './reading.ts';
import { notYet } from './refusal.ts';
import type { FromColumn, Source } from './scope.ts';
import { operationOf } from './set-operation.ts';
import { expressionOf, joined, sql, whereOf } from './sql-parts.ts';
import { addStage, stageSource } from './stage-source.ts';
import { isText } from './traits.ts';

/** A LATERAL subquery as a source that is joined like others. */
export interface LateralRows {
	readonly source: Source;
	readonly columns: readonly FromColumn[];
	/** What connects it with the sources before. */
	readonly on: readonly Expression[];
	/** It has a row also where nothing meets `on`: it is a left join. */
	readonly always: boolean;
	/** Of these rows, those that are. */
	readonly filter: readonly Expression[];
}

/** Undefined where it names nothing of what stands before it. */
export function lateralRows(
	scope: Names,
	place: Place,
	subquery: Node | undefined,
	alias: string
): LateralRows | undefined {
	const select = selectOf(subquery, undefined);
	if (operationOf(select)) return undefined;
	const read = readClauses({ ...place, outer: scope }, select, true);
	if (!namesAround(read)) return undefined;
	if (read.scope.sources.every(({ call }) => call !== undefined)) return ofFunctions(read, alias);
	const clauses = read.distinct ? distinctClauses(read) : read;
	const { rest, connecting, keys, isBare, namesElsewhere } = innerClauses(clauses);
	const id = scope.base + scope.sources.length;
	const refer = (column: string): Expression => ({ kind: 'column', source: id, column, at: undefined });
	const source = (stage: number) => stageSource(place.reading, stage, alias, undefined);
	if (isBare) {
		const exposed = new Exposed(rest, refer);
		const on = connecting.map((condition) => exposed.overRows(condition));
		const columns = rest.outputs.map(({ name, expression }) => ({
			name,
			expression: exposed.overRows(expression)
		}));
		if (
			withoutSubqueries([...on, ...columns.map((column) => column.expression)]).length <
			on.length + columns.length
		)
			notYet(
				undefined,
				'LATERAL with a subquery that names both what is around it and within it',
				'Compute it in a CTE with the columns that connect it, and join that.'
			);
		const query = exposedRows(rest, exposed, connecting);
		const stage = addStage(place.reading, { title: `lateral ${alias}`, query, view: undefined });
		return { source: source(stage), columns, on, always: false, filter: [] };
	}
	if (namesElsewhere || !keys)
		notYet(
			undefined,
			'LATERAL with groups or LIMIT that is connected by more than equalities',
			'Compute it in a CTE with the columns that connect it, and join that.'
		);
	const { stage, keys: names, columns, ofNothing } = keyedStage(place.reading, rest, keys);
	const on = keys.map(({ outer }, index) => equality(refer(names[index]!), outer));
	const own = columns.map((name): FromColumn => ({ name, expression: refer(name) }));
	if (!ofNothing) return { source: source(stage), columns: own, on, always: false, filter: [] };
	const either = (value: Expression, missing: string, text: boolean) =>
		expressionOf(sql`(CASE WHEN ${refer(names[0]!)} IS NULL THEN ${missing} ELSE ${value} END)`, { text });
	const { having } = ofNothing;
	return {
		source: source(stage),
		columns: own.map(({ name, expression }, index) => ({
			name,
			expression: either(
				expression,
				ofNothing.columns[index]!,
				isText(rest.scope, rest.outputs[index]!.expression)
			)
		})),
		on,
		always: true,
		filter: having ? [either(refer(having.column), having.value, false)] : []
	};
}

function equality(one: Expression, other: Expression): Expression {
	return {
		...expressionOf(sql`(${one} OPERATOR(pg_catalog.=) ${other})`),
		equal: [one, other],
		form: { kind: 'strict', of: [one, other] }
	};
}

/** A subquery of functions alone follows from the row before it. */
function ofFunctions(clauses: Clauses, alias: string): LateralRows {
	const { from, where, values, tail, depends } = inPlace(clauses, []);
	if (depends.length > 0)
		notYet(undefined, 'LATERAL of functions with a subquery that reads tables', 'Join what it reads.');
	const names = (clauses.first ? clauses.outputs.slice(0, clauses.first.count) : clauses.outputs).map(
		({ name }) => name
	);
	const rows = sql`LATERAL (SELECT x.*, row_number() OVER () FROM (SELECT ${joined(values, ', ')} FROM ${from}${whereOf(where)}${tail}) AS x)`;
	const source = callSource(alias, rows, names, undefined);
	return { source, columns: [], on: [], always: false, filter: [] };
}
