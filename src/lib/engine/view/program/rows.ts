import { printOverTables, quote } from '../expression.ts';
import type { ViewPlan } from '../plan.ts';
import { rangesOf } from '../ranges.ts';
import type { ViewProgram } from '../types.ts';
import {
	createFunction,
	differenceOf,
	fewKeys,
	fewSettings,
	fullSettings,
	keyedSettings,
	ownKey
} from './function.ts';
import { partNames, wholeNames } from './derived.ts';
import { keyOf, keySql, saltStatements } from './key.ts';
import { stageNames } from '../reach.ts';
import {
	absentName,
	changedVariables,
	createLineage,
	identityColumns,
	keyName,
	lineageFill,
	lineageStages,
	lineageTable,
	prefixed,
	shownRows,
	type LineageTable
} from './lineage-table.ts';
import { stageIndexes } from './partition.ts';
import { rowJson, type KeyPart, type TypedSql } from './text.ts';

/** A view that filters, joins and computes: its rows with their lineage are its state. */
export function rowsProgram(plan: ViewPlan, types: readonly string[]): ViewProgram {
	const table = lineageTable(plan, `{state}.v_${plan.hash}`, typedOutputs(plan, types));
	return tableProgram(plan, types, table, {
		stages: (keyed) => lineageStages(plan, table, keyed),
		fill: lineageFill(plan, table)
	});
}

/** How a table with the visible rows is brought up to date. */
export interface TableWork {
	/** CTEs up to `moved` (see `lineageStages`). */
	stages(keyed: boolean): string;
	/** Statements that bring the whole table up to date and return nothing. */
	readonly fill: string;
	/** Statements before those of changed keys; they may return. */
	readonly before?: string;
	/** Of the functions for changed keys, in place of their own. */
	readonly settings?: readonly string[];
	readonly indexes?: readonly string[];
	/** The parts of the row key, where it is not that of sources; `column` prints a column of the table. */
	key?(column: (name: string) => string): readonly KeyPart[];
}

export function typedOutputs({ query }: ViewPlan, types: readonly string[]): TypedSql[] {
	return query.outputs.map((output, index) => ({
		name: output.name,
		sql: printOverTables(output.expression),
		type: types[index]!
	}));
}

/** The program of a view whose state is one table with a row for each of its rows. */
export function tableProgram(
	plan: ViewPlan,
	types: readonly string[],
	table: LineageTable,
	work: TableWork
): ViewProgram {
	const { query, hash } = plan;
	const outputs = typedOutputs(plan, types);
	const salt = saltStatements(plan);
	const keyFrom = (column: (name: string) => string) =>
		work.key
			? keyOf(plan, work.key(column))
			: keySql(
					plan,
					(source, name) => column(keyName(source, query.scope.sources[source]!.table.key.indexOf(name))),
					(source) => column(absentName(source))
				);
	const side = (name: 'o' | 'n') =>
		rowJson(outputs.map((output) => ({ ...output, sql: `m.${prefixed(name, quote(output.name))}` })));
	const either = (name: string) => `(CASE WHEN m.has THEN m.n_${name} ELSE m.o_${name} END)`;
	const [key, own] = [keyFrom(either), ownKey(identityColumns(table).map(either))];
	const statement = (keyed: boolean) => `RETURN QUERY
WITH ${work.stages(keyed)}
${differenceOf(`SELECT m.had, m.has, ${key} AS k, ${own} AS w, ${side('o')} AS o, ${side('n')} AS n FROM moved AS m`)};`;
	const full = `IF quiet THEN
${work.fill}
ANALYZE ${table.name};
RETURN;
END IF;
${statement(false)}`;
	const read = [
		`${keyFrom((name) => `s.${name}`)} AS _key`,
		...outputs.map((output) => `s.${quote(output.name)}`)
	];
	const indexes = [...(work.indexes ?? []), ...stageIndexes(plan, types, table)];
	const keyed = (work.before ?? '') + statement(true);
	return {
		create: [
			...salt.create,
			...createLineage(plan, table),
			...indexes,
			...maintenance(plan, keyed, full, work.settings)
		],
		drop: [...dropMaintenance(hash), `DROP TABLE IF EXISTS ${table.name}`, ...salt.drop],
		...rangesOf(plan, false),
		read: `SELECT ${read.join(', ')} FROM ${shownRows(table)} AS s`
	};
}

/** Whether `own` is asked for: a part of other views is there for nothing else. */
function owned(plan: ViewPlan): string {
	return plan.hidden ? 'owned boolean := true' : `owned boolean := changed ? '+'`;
}

/** `m_<hash>` for changed keys; behind it `b_<hash>` for many of them, `f_<hash>` for everything. */
export function maintenance(
	plan: ViewPlan,
	keyed: string,
	full: string,
	settings?: readonly string[]
): string[] {
	const { hash } = plan;
	const keys = changedVariables(plan);
	const count = [
		'0',
		...keys.map(({ name }) => `cardinality(${name})`),
		...partNames(plan).map((name) => `COALESCE(jsonb_array_length(changed -> '${name}'), 0)`)
	].join(' + ');
	const ofKeys = {
		parameters: 'changed jsonb',
		variables: [owned(plan), ...keys.map(({ name, value }) => `${name} text[] := ${value}`)]
	};
	const anyOf = (names: readonly string[]) =>
		`changed ?| ARRAY[${names.map((name) => `'${name}'`).join(', ')}]`;
	const stages = stageNames(plan);
	const idle = stages.length > 0 ? `IF NOT ${anyOf(stages)} THEN\n\tRETURN;\nEND IF;\n` : '';
	const whole = wholeNames(plan);
	const all = [`changed ? '*'`, ...(whole.length > 0 ? [anyOf(whole)] : [])].join(' OR ');
	return [
		...createFunction({
			name: `{state}.f_${hash}`,
			parameters: 'quiet boolean, owned boolean',
			settings: fullSettings,
			body: full
		}),
		...createFunction({
			...ofKeys,
			name: `{state}.b_${hash}`,
			settings: settings ?? keyedSettings,
			body: keyed
		}),
		...createFunction({
			...ofKeys,
			name: `{state}.m_${hash}`,
			settings: settings ?? fewSettings,
			body: `IF ${all} THEN
	RETURN QUERY SELECT * FROM {state}.f_${hash}(COALESCE(changed ->> '*' = 'quiet', false), owned);
	RETURN;
END IF;
${idle}IF ${count} > ${fewKeys} THEN
	RETURN QUERY SELECT * FROM {state}.b_${hash}(changed);
	RETURN;
END IF;
${keyed}`
		})
	];
}

export function dropMaintenance(hash: string): string[] {
	return [
		`DROP FUNCTION IF EXISTS {state}.m_${hash}(jsonb)`,
		`DROP FUNCTION IF EXISTS {state}.b_${hash}(jsonb)`,
		`DROP FUNCTION IF EXISTS {state}.f_${hash}(boolean, boolean)`
	];
}
