import { printOverTables, quote } from '../expression.ts';
import type { ViewPlan } from '../plan.ts';
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
import { keySql, saltStatements } from './key.ts';
import { stageNames } from '../reach.ts';
import {
	changedVariables,
	createLineage,
	identityColumns,
	keyName,
	lineageFill,
	lineageStages,
	lineageTable,
	prefixed
} from './lineage-table.ts';
import { rowJson } from './text.ts';

/** A view that filters, joins and computes: its rows with their lineage are its state. */
export function rowsProgram(plan: ViewPlan, types: readonly string[]): ViewProgram {
	const { query, hash } = plan;
	const outputs = query.outputs.map((output, index) => ({
		name: output.name,
		sql: printOverTables(output.expression),
		type: types[index]!
	}));
	const table = lineageTable(plan, `{state}.v_${hash}`, outputs);
	const salt = saltStatements(plan);
	const keyFrom = (column: (name: string) => string) =>
		keySql(plan, (source, name) =>
			column(keyName(source, query.scope.sources[source]!.table.key.indexOf(name)))
		);
	const side = (name: 'o' | 'n') =>
		rowJson(outputs.map((output) => ({ ...output, sql: `m.${prefixed(name, quote(output.name))}` })));
	const either = (name: string) => `(CASE WHEN m.has THEN m.n_${name} ELSE m.o_${name} END)`;
	const [key, own] = [keyFrom(either), ownKey(identityColumns(table).map(either))];
	const statement = (keyed: boolean) => `RETURN QUERY
WITH ${lineageStages(plan, table, keyed)}
${differenceOf(`SELECT m.had, m.has, ${key} AS k, ${own} AS w, ${side('o')} AS o, ${side('n')} AS n FROM moved AS m`)};`;
	const full = `IF quiet THEN
${lineageFill(plan, table)}
ANALYZE ${table.name};
RETURN;
END IF;
${statement(false)}`;
	const read = [
		`${keyFrom((name) => `s.${name}`)} AS _key`,
		...outputs.map((output) => `s.${quote(output.name)}`)
	];
	return {
		create: [...salt.create, ...createLineage(plan, table), ...maintenance(plan, statement(true), full)],
		drop: [...dropMaintenance(hash), `DROP TABLE IF EXISTS ${table.name}`, ...salt.drop],
		read: `SELECT ${read.join(', ')} FROM ${table.name} AS s`
	};
}

/** Whether `own` is asked for: a part of other views is there for nothing else. */
function owned(plan: ViewPlan): string {
	return plan.hidden ? 'owned boolean := true' : `owned boolean := changed ? '+'`;
}

/** `m_<hash>` for changed keys; behind it `b_<hash>` for many of them, `f_<hash>` for everything. */
export function maintenance(plan: ViewPlan, keyed: string, full: string): string[] {
	const { hash } = plan;
	const keys = changedVariables(plan);
	const count = keys.map(({ name }) => `cardinality(${name})`).join(' + ');
	const ofKeys = {
		parameters: 'changed jsonb',
		variables: [owned(plan), ...keys.map(({ name, value }) => `${name} text[] := ${value}`)]
	};
	const stages = stageNames(plan);
	const idle =
		stages.length > 0
			? `IF NOT changed ?| ARRAY[${stages.map((name) => `'${name}'`).join(', ')}] THEN\n\tRETURN;\nEND IF;\n`
			: '';
	return [
		...createFunction({
			name: `{state}.f_${hash}`,
			parameters: 'quiet boolean, owned boolean',
			settings: fullSettings,
			body: full
		}),
		...createFunction({ ...ofKeys, name: `{state}.b_${hash}`, settings: keyedSettings, body: keyed }),
		...createFunction({
			...ofKeys,
			name: `{state}.m_${hash}`,
			settings: fewSettings,
			body: `IF changed ? '*' THEN
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
