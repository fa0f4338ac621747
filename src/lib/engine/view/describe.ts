import { printOverTables, quote, type Expression } from './expression.ts';
import { fromWhere, named, type ViewPlan } from './plan.ts';
import { aggregateInputs } from './grouping.ts';
import type { Query } from './query.ts';
import { stageKey } from './stage-key.ts';

/** Expressions whose types a program needs, under one FROM. */
interface TypeList {
	readonly name: string;
	readonly expressions: readonly Expression[];
	readonly tail: string;
}

/**
 * The types of a view's expressions, then those of each of its stages in turn: `typeCount` of each. Stages
 * are CTEs, so that the text grows no faster than their number.
 */
export function describeSql(query: Query, stages: readonly ViewPlan[], refs: readonly string[]): string {
	const parts = [{ query, refs }, ...stages].map((part, index) => describePart(part.query, part.refs, index));
	const types = parts.flatMap((part) => part.types);
	const joins = parts.flatMap((part) => part.joins);
	return `${stageCtes(stages)}SELECT ARRAY[${types.join(', ')}] AS types FROM (SELECT 1) AS one ${joins.join(' ')}`;
}

/** WITH of stages, each under its hash, for a text over them and `{data}`; nothing where there are none. */
export function stageCtes(stages: readonly ViewPlan[]): string {
	const ctes = stages.map((stage) => `${quote(`@${stage.hash}`)} AS (${rowsSql(stage.query, stage.refs)})`);
	return ctes.length > 0 ? `WITH ${ctes.join(', ')} ` : '';
}

/** How many types `describeSql` gives for a query. */
export function typeCount(query: Query): number {
	return typeLists(query).reduce((count, list) => count + list.expressions.length, 0);
}

/** The SELECT itself, over `{data}` and CTEs of its stages. */
function rowsSql(query: Query, refs: readonly string[]): string {
	const columns = query.outputs.map(
		(output) => `${printOverTables(output.expression)} AS ${quote(output.name)}`
	);
	// of a key, which a subquery may order by, the type is not asked for
	const key = stageKey(query).map(({ name }) => `NULL::text AS ${name}`);
	return named(`SELECT ${[...columns, ...key].join(', ')} ${fromWhere(query)}${groupTail(query)}`, refs);
}

function describePart(query: Query, refs: readonly string[], part: number) {
	const filled = typeLists(query).filter((list) => list.expressions.length > 0);
	const alias = (list: TypeList) => (part === 0 ? list.name : `${list.name}${part}`);
	return {
		types: filled.flatMap((list) =>
			list.expressions.map((_, index) => `pg_catalog.pg_typeof(${alias(list)}.c${index})::text`)
		),
		joins: filled.map((list) => {
			const columns = list.expressions.map(
				(expression, index) => `${printOverTables(expression)} AS c${index}`
			);
			const select = `SELECT ${columns.join(', ')} ${fromWhere(query)}${list.tail}`;
			return `LEFT JOIN (${named(select, refs)}) AS ${alias(list)} ON false`;
		})
	};
}

/** Types in order: outputs, groups, dependents, inputs of aggregates, aggregates. */
function typeLists(query: Query): TypeList[] {
	const { grouping } = query;
	const outputs = query.outputs.map((output) => output.expression);
	const own = { name: 'o', expressions: outputs, tail: groupTail(query) };
	if (!grouping) return [own];
	const inputs = [...grouping.groups, ...grouping.dependents, ...aggregateInputs(grouping)];
	return [
		own,
		{ name: 'h', expressions: inputs, tail: '' },
		{ name: 'g', expressions: grouping.aggregates, tail: groupTail(query) }
	];
}

function groupTail({ grouping }: Query): string {
	if (!grouping) return '';
	const { groups, dependents, having } = grouping;
	const by = [...groups, ...dependents].map((group) => printOverTables(group)).join(', ');
	return (groups.length > 0 ? ` GROUP BY ${by}` : '') + (having ? ` HAVING ${printOverTables(having)}` : '');
}
