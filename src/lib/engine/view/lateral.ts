import type { SelectStmt } from '#engine/sql';
import { callSource } from './call-source.ts';
import { Exposed } from './exposed.ts';
import type { Expression } from './expression.ts';
import { innerClauses, namesAround } from './inner-clauses.ts';
import { inPlace, type InPlace } from './in-place.ts';
import { distinctClauses, exposedRows } from './inner-rows.ts';
import { keyedStage } from './keyed-stage.ts';
import type { Names } from './names.ts';
import { readClauses, type Clauses } from './query.ts';
import type { Place } from './reading.ts';
import type { FromColumn, Source } from './scope.ts';
import { expressionOf, sql } from './sql-parts.ts';
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
	select: SelectStmt,
	alias: string
): LateralRows | undefined {
	const read = readClauses({ ...place, outer: scope }, select, true);
	if (!namesAround(read)) return undefined;
	const rows = place.inPlace ? undefined : lookedUp(scope, place, read, alias);
	return rows ?? inPlaceRows(inPlace(place.reading, read), alias);
}

/** As rows of a stage, that are joined; undefined where they cannot be. */
function lookedUp(scope: Names, place: Place, read: Clauses, alias: string): LateralRows | undefined {
	if (read.scope.sources.every(({ call }) => call !== undefined)) return undefined;
	const clauses = read.distinct ? distinctClauses(read) : read;
	const apart = clauses && innerClauses(clauses);
	if (!apart) return undefined;
	const { rest, connecting, keys, isBare, namesElsewhere } = apart;
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
		// a subquery that names both what is around and what is within
		if (exposed.within(0, alias, []).length > 0) return undefined;
		const query = exposedRows(rest, exposed, connecting);
		const stage = addStage(place.reading, { title: `lateral ${alias}`, query, view: undefined });
		return { source: source(stage), columns, on, always: false, filter: [] };
	}
	if (namesElsewhere || !keys) return undefined;
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

/** A SELECT that is computed for each row before it. */
export function inPlaceRows({ text, columns, depends }: InPlace, alias: string): LateralRows {
	const rows = sql`LATERAL (SELECT x.*, row_number() OVER () FROM (${text}) AS x)`;
	const source = callSource(alias, rows, columns, undefined, depends);
	return { source, columns: [], on: [], always: false, filter: [] };
}
