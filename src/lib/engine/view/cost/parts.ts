import { printOverTables, quote, type Expression } from '../expression.ts';
import { fromWhere, named, type ViewPlan } from '../plan.ts';
import { firstOf } from '../program/top-k.ts';
import { directStages } from '../reach.ts';
import { stageCtes } from '../describe.ts';
import type { Amount, Factor, Measure, Relation } from './types.ts';

/** A view's plan with its stages, as the steps of a change are made from them. */
export interface Stages {
	readonly all: ReadonlyMap<string, ViewPlan>;
	/** Gathers what is to be measured. */
	readonly measures: Map<string, Measure>;
}

/** A source of a stage. */
export function relationOf(plan: ViewPlan, source: number): Relation {
	const { table, stage } = plan.query.scope.sources[source]!;
	return stage === undefined
		? { kind: 'table', name: table.name }
		: { kind: 'stage', hash: plan.refs[stage]! };
}

/** All that a stage reads itself. */
export function relationsOf(plan: ViewPlan): Relation[] {
	const { sources } = plan.query.scope;
	const tables = sources.flatMap(({ stage, call }, source) =>
		stage === undefined && !call ? [relationOf(plan, source)] : []
	);
	const stages = directStages(plan.query).map((stage): Relation => ({
		kind: 'stage',
		hash: plan.refs[stage]!
	}));
	return [...new Map([...tables, ...stages].map((one) => [keyOf(one), one])).values()];
}

export function keyOf(relation: Relation): string {
	return relation.kind === 'table' ? relation.name : `@${relation.hash}`;
}

/** The rows of a relation. */
export function rowsOf(stages: Stages, relation: Relation): Factor {
	const limit = limitOf(stages, relation, []);
	if (limit !== undefined) return limit;
	return { rows: measured(stages, keyOf(relation), relation, `SELECT FROM ${fromSql(relation)}`) };
}

/** Those with one value of these columns. */
export function rowsPer(stages: Stages, relation: Relation, columns: readonly string[]): Factor {
	const limit = limitOf(stages, relation, columns);
	if (limit !== undefined) return limit;
	const list = columns.map(quote).join(', ');
	const by = measured(
		stages,
		`${keyOf(relation)}(${columns.join(',')})`,
		relation,
		`SELECT DISTINCT ${list} FROM ${fromSql(relation)}`
	);
	const rows = rowsOf(stages, relation);
	return typeof rows === 'number' ? rows : { rows: rows.rows, by };
}

/** Those with one value of an expression over a source. */
export function rowsPerExpression(
	stages: Stages,
	plan: ViewPlan,
	source: number,
	expression: Expression
): Factor {
	const relation = relationOf(plan, source);
	const text = printOverTables(expression);
	const by = measured(
		stages,
		`${keyOf(relation)}(${text})`,
		relation,
		`SELECT DISTINCT ${text} FROM ${fromSql(relation)} AS a${source}`
	);
	const rows = rowsOf(stages, relation);
	return typeof rows === 'number' ? rows : { rows: rows.rows, by };
}

/** Of a stage with the first rows alone, how many there are with one value of these columns. */
function limitOf(stages: Stages, relation: Relation, columns: readonly string[]): number | undefined {
	const plan = relation.kind === 'stage' ? stages.all.get(relation.hash) : undefined;
	const first = plan && firstOf(plan);
	if (first?.limit === undefined) return undefined;
	return first.partition.every(({ column }) => columns.includes(column)) ? first.limit : undefined;
}

/** The rows that go into a stage, and as many of them as have one value of some expressions over its sources. */
export function inputRows(stages: Stages, plan: ViewPlan, by?: readonly string[]): Factor {
	const rows = measuredIn(stages, plan, `${plan.hash} in`, `SELECT ${fromWhere(plan.query)}`);
	if (!by || by.length === 0) return { rows };
	const list = by.join(', ');
	return {
		rows,
		by: measuredIn(
			stages,
			plan,
			`${plan.hash} in(${list})`,
			`SELECT DISTINCT ${list} ${fromWhere(plan.query)}`
		)
	};
}

export function product(...amounts: readonly Amount[]): Amount {
	return amounts.flat().filter((factor) => factor !== 1);
}

function fromSql(relation: Relation): string {
	return relation.kind === 'table' ? `{data}.${quote(relation.name)}` : quote(keyOf(relation));
}

function measured(stages: Stages, key: string, relation: Relation, sql: string): string {
	const plan = relation.kind === 'stage' ? stages.all.get(relation.hash)! : undefined;
	const ctes = plan ? stageCtes([...plan.stages, plan]) : '';
	stages.measures.set(key, { key, sql: `${ctes}${sql}` });
	return key;
}

function measuredIn(stages: Stages, plan: ViewPlan, key: string, sql: string): string {
	stages.measures.set(key, { key, sql: stageCtes(plan.stages) + named(sql, plan.refs) });
	return key;
}
