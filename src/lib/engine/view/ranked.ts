import { identity, windowsIn, type CompoundExpression, type Expression } from './expression.ts';
import { allSources, type Island } from './join-tree.ts';
import { overSource, type WindowsOver } from './over.ts';
import type { Query } from './query.ts';
import type { Reading } from './reading.ts';
import type { Source } from './scope.ts';
import { addStage, stageSource } from './stage-source.ts';

/**
 * Where a condition keeps the first ranks alone (`row_number() … <= 3` of a subquery), the stage with the
 * ranks keeps no more than those: each partition's first rows are found by index.
 */
export function firstRanks(reading: Reading, sources: readonly Source[], island: Island): Source[] {
	return sources.map((source, index) => {
		if (source.stage === undefined) return source;
		const { query } = reading.stages[source.stage]!;
		const conditions = conditionsOn(island, index);
		const limit = Math.min(...conditions.map((condition) => limitOf(condition, index, query)));
		const call = rankCall(query);
		if (!Number.isFinite(limit) || !call) return source;
		return { ...source, ...limited(reading, source, call, limit) };
	});
}

/** Without which being true no row has a row of the source. */
function conditionsOn({ conditions, outer }: Island, source: number): Expression[] {
	const joins = outer.filter(({ side }) => allSources(side).includes(source));
	return [...conditions, ...joins.flatMap(({ side, on }) => [...on, ...conditionsOn(side, source)])];
}

/** The one call of a stage with windows, where it is of ranks: those of the first rows need no others. */
function rankCall({ over, outputs }: Query): CompoundExpression | undefined {
	if (over?.kind !== 'windows' || over.first) return undefined;
	const calls = outputs.flatMap((output) => windowsIn(output.expression));
	const [call] = calls;
	if (!call || calls.some((other) => identity(other) !== identity(call))) return undefined;
	return isRanks(call) ? call : undefined;
}

function isRanks({ window }: CompoundExpression): boolean {
	return window!.head[0] === 'row_number(' || (window!.head[0] === 'rank(' && window!.order.length > 0);
}

function limited(
	reading: Reading,
	{ stage, alias, at }: Source,
	{ window }: CompoundExpression,
	limit: number
): Source {
	const draft = reading.stages[stage!]!;
	const over = draft.query.over as WindowsOver;
	const first = {
		kind: 'first',
		partition: over.partition,
		order: window!.order,
		limit,
		offset: 0,
		withTies: window!.head[0] === 'rank('
	} as const;
	const made = { ...over, first } as WindowsOver;
	const query = {
		...draft.query,
		...overSource(reading, draft.query.scope.sources[0]!.stage!, made),
		over: made
	};
	const title = `${draft.title}, first ${limit}`;
	return stageSource(reading, addStage(reading, { title, query, view: undefined }), alias, at);
}

/** How many ranks a condition lets through: Infinity where it says nothing of them. */
function limitOf(condition: Expression, source: number, { outputs, over }: Query): number {
	if (over?.kind !== 'windows' || condition.kind !== 'compound') return Infinity;
	const isRank = (part: string | Expression | undefined): boolean => {
		if (typeof part !== 'object' || part.kind !== 'column' || part.source !== source) return false;
		const output = outputs.find(({ name }) => name === part.column);
		return output?.expression.kind === 'compound' && output.expression.window !== undefined;
	};
	const [, left, , operator, right] = condition.parts;
	if (condition.parts.length !== 6 || typeof operator !== 'string') return Infinity;
	const sign = /^OPERATOR\(pg_catalog\.(=|<|<=)\) $/.exec(operator)?.[1];
	const number = typeof right === 'object' && right.kind === 'compound' ? numberIn(right) : undefined;
	if (!sign || number === undefined || !isRank(left)) return Infinity;
	return Math.max(0, sign === '<' ? number - 1 : number);
}

function numberIn({ parts }: CompoundExpression): number | undefined {
	const [text] = parts;
	const found = typeof text === 'string' && parts.length === 1 ? /^\((\d{1,9})\)$/.exec(text) : null;
	return found ? Number(found[1]) : undefined;
}
