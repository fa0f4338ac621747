import { printOverTables, quote } from '../expression.ts';
import { aggregateArguments, type ViewPlan } from '../plan.ts';
import type { ViewProgram } from '../types.ts';
import { groupColumns, printOverGroups, type ArgumentColumn, type GroupColumns } from './group-columns.ts';
import { groupTerms, sameGroup } from './group-match.ts';
import { differenceOf } from './function.ts';
import { keyOf, saltStatements } from './key.ts';
import { createLineage, lineageStages, lineageTable, type LineageTable } from './lineage-table.ts';
import { dropMaintenance, maintenance } from './rows.ts';
import { differ, rowJson, type TypedSql } from './text.ts';

/**
 * A view with groups: the rows that go into them with their lineage (`l_<hash>`), and the groups
 * (`v_<hash>`). The exact difference of the former is folded into the latter. Where an aggregate may have
 * to look at its whole group again, that is a statement of its own, after the lineage is written (rule 9).
 */
export function groupsProgram(plan: ViewPlan, types: readonly string[]): ViewProgram {
	const view = groupView(plan, types);
	const { hash } = plan;
	const salt = saltStatements(plan);
	const rowType = `{state}.d_${hash}`;
	const drop = [
		...dropMaintenance(hash),
		`DROP TABLE IF EXISTS ${view.table}`,
		`DROP TABLE IF EXISTS ${view.lineage.name}`,
		...(view.columns.rereads ? [`DROP TYPE IF EXISTS ${rowType}`] : []),
		...salt.drop
	];
	return {
		create: [
			...salt.create,
			...createLineage(plan, view.lineage),
			...createGroups(view),
			...(view.columns.rereads
				? [
						`CREATE TYPE ${rowType} AS (${deltaColumns(view)
							.map((c) => `${c.name} ${c.type}`)
							.join(', ')})`
					]
				: []),
			...maintenance(
				plan,
				view.columns.rereads ? rereadingStatements(view, rowType) : foldingStatement(view),
				fullStatements(view),
				view.lineage.name,
				view.table
			)
		],
		drop,
		read: `SELECT ${[`${keyOfRow(view, 's.')} AS _key`, ...visible(view, 's.').map((c) => `${c.sql} AS ${quote(c.name)}`)].join(', ')} FROM ${view.table} AS s WHERE ${shown(view, 's.')}`
	};
}

interface GroupView {
	readonly plan: ViewPlan;
	readonly types: readonly string[];
	readonly columns: GroupColumns;
	readonly lineage: LineageTable;
	/** `{state}.v_<hash>` */
	readonly table: string;
	/** No GROUP BY: one row, also of nothing. */
	readonly global: boolean;
}

function groupView(plan: ViewPlan, types: readonly string[]): GroupView {
	const { groups, dependents } = plan.query.grouping!;
	const columns = groupColumns(plan, types);
	const payload = [
		...columns.groups.map((column, index) => ({ ...column, sql: printOverTables(groups[index]!) })),
		...columns.dependents.map((column, index) => ({ ...column, sql: printOverTables(dependents[index]!) })),
		...columns.arguments.map((column, index) => ({
			name: column.name,
			type: column.type,
			sql: printOverTables(aggregateArguments(plan.query)[index]!)
		}))
	];
	const lineage = lineageTable(plan, `{state}.l_${plan.hash}`, payload);
	return { plan, types, columns, lineage, table: `{state}.v_${plan.hash}`, global: groups.length === 0 };
}

interface StateColumn {
	readonly name: string;
	readonly type: string;
}

/** Columns of the group table beside the group's own. */
function stateColumns({ columns }: GroupView): StateColumn[] {
	return [
		...columns.dependents,
		{ name: '_n', type: 'bigint' },
		...columns.arguments.flatMap((a) => [
			...(a.counted ? [{ name: `_c${a.index}`, type: 'bigint' }] : []),
			...(a.sum ? [{ name: `_s${a.index}`, type: a.sum.type }] : []),
			...(a.sum?.scaled ? [{ name: `_p${a.index}`, type: 'numeric' }] : []),
			...(a.low ? [{ name: `_lo${a.index}`, type: a.type }] : []),
			...(a.high ? [{ name: `_hi${a.index}`, type: a.type }] : [])
		]),
		...columns.again
	];
}

function createGroups(view: GroupView): string[] {
	const { table, columns, global, lineage } = view;
	const definitions = [
		...columns.groups.map((column) => `${column.name} ${column.type}${column.nullable ? '' : ' NOT NULL'}`),
		...stateColumns(view).map((column) => `${column.name} ${column.type}${notNullOf(column.name)}`)
	];
	const make = `CREATE TABLE ${table} (${definitions.join(', ')}) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.1, autovacuum_analyze_scale_factor = 0.1)`;
	if (global) {
		const zeros = stateColumns(view).filter((column) => notNullOf(column.name) !== '');
		return [
			make,
			`INSERT INTO ${table} (${zeros.map((c) => c.name).join(', ')}) VALUES (${zeros.map((c) => `0::text::${c.type}`).join(', ')})`
		];
	}
	return [
		make,
		`CREATE UNIQUE INDEX ON ${table} (${groupTerms(columns.groups, '').join(', ')})`,
		...(columns.rereads
			? [`CREATE INDEX ON ${lineage.name} (${groupTerms(columns.groups, '').join(', ')})`]
			: [])
	];
}

/** A count below zero is a broken state: the statement fails, and a full difference mends it. */
function notNullOf(name: string): string {
	if (name === '_n' || name.startsWith('_c')) return ` NOT NULL CHECK (${name} >= 0)`;
	return /^_[sp]/.test(name) ? ' NOT NULL' : '';
}

function visible(view: GroupView, row: string): TypedSql[] {
	const { plan, columns, types } = view;
	return plan.query.outputs.map((output, index) => ({
		name: output.name,
		sql: printOverGroups(plan, columns, output.expression, row),
		type: types[index]!
	}));
}

function shown(view: GroupView, row: string): string {
	const { having } = view.plan.query.grouping!;
	return having ? `COALESCE(${printOverGroups(view.plan, view.columns, having, row)}, false)` : 'true';
}

function keyOfRow(view: GroupView, row: string): string {
	return keyOf(
		view.plan,
		view.columns.groups.map((group) => ({
			sql: `${row}${group.name}`,
			type: group.type,
			nullable: group.nullable
		}))
	);
}

/** Group columns and what the difference of the lineage adds up to in each group. */
function deltaColumns({ columns }: GroupView): StateColumn[] {
	return [
		...columns.groups,
		...columns.dependents,
		{ name: '_came', type: 'bigint' },
		{ name: '_went', type: 'bigint' },
		...columns.arguments.flatMap((a) => [
			...(a.counted ? [{ name: `_c${a.index}`, type: 'bigint' }] : []),
			...(a.sum ? [{ name: `_s${a.index}`, type: a.sum.type }] : []),
			...(a.sum?.scaled ? [{ name: `_p${a.index}`, type: 'numeric' }] : []),
			...(a.sum?.folding === 'finite' ? [{ name: `_odd${a.index}`, type: 'boolean' }] : []),
			...(a.low ? [`_inlo${a.index}`, `_outlo${a.index}`].map((name) => ({ name, type: a.type })) : []),
			...(a.high ? [`_inhi${a.index}`, `_outhi${a.index}`].map((name) => ({ name, type: a.type })) : [])
		])
	];
}

/** The lineage's merge and `delta`, one row for each group that it touched. */
function deltaStages(view: GroupView): string {
	const { plan, columns, lineage } = view;
	const names = lineage.payload.map((column) => column.name);
	const side = (came: boolean) =>
		`SELECT ${[`${came} AS came`, ...names.map((name) => `m.${came ? 'n' : 'o'}_${name} AS ${name}`)].join(', ')} FROM moved AS m WHERE m.${came ? 'has' : 'had'}`;
	const values = [
		...columns.groups.map(({ name }) => `s.${name}`),
		...columns.dependents.map(({ name }) => `(array_agg(s.${name}) FILTER (WHERE s.came))[1] AS ${name}`),
		'count(*) FILTER (WHERE s.came) AS _came',
		'count(*) FILTER (WHERE NOT s.came) AS _went',
		...columns.arguments.flatMap(deltaOfArgument)
	];
	const by =
		columns.groups.length > 0
			? `GROUP BY ${columns.groups.map(({ name }) => `s.${name}`).join(', ')}`
			: 'HAVING count(*) > 0';
	return `${lineageStages(plan, lineage, true)},
sides AS (
	${side(true)}
	UNION ALL
	${side(false)}
), delta AS (
	SELECT ${values.join(',\n\t\t')}
	FROM sides AS s ${by}
)`;
}

function deltaOfArgument(a: ArgumentColumn): string[] {
	const value = `s.${a.name}`;
	const of = (aggregate: string, condition: string) => `${aggregate}(${value}) FILTER (WHERE ${condition})`;
	const result: string[] = [];
	if (a.counted) result.push(`${of('count', 's.came')} - ${of('count', 'NOT s.came')} AS _c${a.index}`);
	if (a.sum) {
		const finite = a.sum.folding === 'finite' ? ` AND ${isFinite(value, a.type)}` : '';
		const zero = `'0'::${a.sum.type}`;
		result.push(
			`COALESCE(${of('sum', `s.came${finite}`)}, ${zero}) - COALESCE(${of('sum', `NOT s.came${finite}`)}, ${zero}) AS _s${a.index}`
		);
	}
	if (a.sum?.scaled) {
		const weights = (side: string) =>
			`COALESCE(sum(${scaleWeight(value)}) FILTER (WHERE ${side} AND ${isFinite(value, a.type)}), 0)`;
		result.push(`${weights('s.came')} - ${weights('NOT s.came')} AS _p${a.index}`);
	}
	if (a.sum?.folding === 'finite')
		result.push(`COALESCE(bool_or(NOT ${isFinite(value, a.type)}), false) AS _odd${a.index}`);
	if (a.low)
		result.push(
			`${of('min', 's.came')} AS _inlo${a.index}`,
			`${of('min', 'NOT s.came')} AS _outlo${a.index}`
		);
	if (a.high)
		result.push(
			`${of('max', 's.came')} AS _inhi${a.index}`,
			`${of('max', 'NOT s.came')} AS _outhi${a.index}`
		);
	return result;
}

/** NaN and the infinities cannot be subtracted again. */
function isFinite(value: string, type: string): string {
	if (type === 'interval') return `isfinite(${value})`;
	return `(${value} NOT IN ('NaN', 'Infinity', '-Infinity'))`;
}

/**
 * A sum's scale is the largest of its values', also after others went. Each value counts as a power of
 * 10^12 by its scale: such weights can be added and subtracted, and their length tells the largest scale.
 */
function scaleWeight(value: string): string {
	return `('1e' || 12 * scale(${value}))::numeric`;
}

/** Counts and exact sums alone: the whole chain is one statement. */
function foldingStatement(view: GroupView): string {
	const { columns, table } = view;
	const next = stateColumns(view).map(({ name, type }) => {
		if (name.startsWith('_d'))
			return {
				name,
				type,
				sql: `CASE WHEN n._came > 0 THEN n.${name} ELSE s.${name} END`,
				first: `n.${name}`
			};
		const delta = name === '_n' ? '(n._came - n._went)' : `n.${name}`;
		return { name, type, sql: `s.${name} + ${delta}`, first: delta };
	});
	const update = `WHEN MATCHED AND ${differ(
		next.map((c) => c.sql),
		next.map((c) => `s.${c.name}`)
	)}
		THEN UPDATE SET ${next.map((c) => `${c.name} = ${c.sql}`).join(', ')}`;
	const all = [...columns.groups.map(({ name }) => ({ name, first: `n.${name}` })), ...next];
	return `RETURN QUERY
WITH ${deltaStages(view)},
folded AS (
	MERGE INTO ${table} AS s USING delta AS n ON ${sameGroup(columns.groups, 's', 'n')}
	${view.global ? '' : 'WHEN MATCHED AND s._n + n._came - n._went = 0 THEN DELETE\n\t'}${update}
	WHEN NOT MATCHED THEN INSERT (${all.map((c) => c.name).join(', ')}) VALUES (${all.map((c) => c.first).join(', ')})
	RETURNING ${returning(view)}
)
${visibleDifference(view, 'false')};`;
}

/** All columns of a group before and after, as `o_…` and `n_…`. */
function returning(view: GroupView): string {
	return [...view.columns.groups, ...stateColumns(view)]
		.flatMap(({ name }) => [`old.${name} AS o_${name}`, `new.${name} AS n_${name}`])
		.join(', ');
}

function visibleDifference(view: GroupView, quiet: string): string {
	const key = keyOf(
		view.plan,
		view.columns.groups.map((group) => ({
			sql: `(CASE WHEN f.n__n IS NULL THEN f.o_${group.name} ELSE f.n_${group.name} END)`,
			type: group.type,
			nullable: group.nullable
		}))
	);
	const had = `f.o__n IS NOT NULL AND ${shown(view, 'f.o_')} AS had`;
	const has = `f.n__n IS NOT NULL AND ${shown(view, 'f.n_')} AS has`;
	const rows = `${rowJson(visible(view, 'f.o_'))} AS o, ${rowJson(visible(view, 'f.n_'))} AS n`;
	return differenceOf(`(SELECT ${had}, ${has}, ${key} AS k, ${rows} FROM folded AS f)`, quiet);
}

/**
 * First the lineage, giving the deltas; then, in a statement that sees it written, the groups. A group is
 * read again only where its deltas cannot tell: the extreme may have gone, or a sum is not finite.
 */
function rereadingStatements(view: GroupView, rowType: string): string {
	const { columns, table, lineage } = view;
	const names = deltaColumns(view).map((column) => column.name);
	const kept = stateColumns(view).map(({ name }) => `s.${name} AS s_${name}`);
	return `DECLARE
	deltas ${rowType}[];
BEGIN
WITH ${deltaStages(view)}
SELECT array_agg(ROW(${names.map((name) => `d.${name}`).join(', ')})::${rowType}) INTO deltas FROM delta AS d;
IF deltas IS NULL THEN
	RETURN;
END IF;
RETURN QUERY
WITH known AS (
	SELECT d.*, ${kept.join(', ')},
		${needsReread(columns)} AS again
	FROM unnest(deltas) AS d LEFT JOIN ${table} AS s ON ${sameGroup(columns.groups, 's', 'd')}
), next AS (
	SELECT ${[...columns.groups.map(({ name }) => `k.${name}`), ...nextColumns(view)].join(', ')}
	FROM known AS k LEFT JOIN LATERAL (
		SELECT ${rereadColumns(columns).join(', ')} FROM ${lineage.name} AS l WHERE k.again AND ${sameGroup(columns.groups, 'l', 'k')}
	) AS r ON true
), folded AS (
	${mergeGroups(view)}
)
${visibleDifference(view, 'false')};
END;`;
}

/** Where the deltas leave a group's aggregates open. Over `d` and the group `s`, which may not be there. */
function needsReread(columns: GroupColumns): string {
	if (columns.again.length > 0) return 'true';
	return `(${columns.arguments
		.flatMap(needsOf)
		.map((need) => `COALESCE(${need}, false)`)
		.join(' OR ')})`;
}

function needsOf(a: ArgumentColumn): string[] {
	return [
		...(a.sum?.folding === 'finite'
			? [`d._odd${a.index}`, `NOT ${isFinite(`s._s${a.index}`, a.sum.type)}`]
			: []),
		...(a.low
			? [
					`d._outlo${a.index} <= s._lo${a.index} AND NOT COALESCE(d._inlo${a.index} <= s._lo${a.index}, false)`
				]
			: []),
		...(a.high
			? [
					`d._outhi${a.index} >= s._hi${a.index} AND NOT COALESCE(d._inhi${a.index} >= s._hi${a.index}, false)`
				]
			: [])
	];
}

/** Aggregates over the rows `l` of one group. */
function rereadColumns(columns: GroupColumns): string[] {
	return [
		...columns.arguments.flatMap((a) => [
			...(a.sum?.folding === 'finite' ? [`sum(l.${a.name}) AS _s${a.index}`] : []),
			...(a.low ? [`min(l.${a.name}) AS _lo${a.index}`] : []),
			...(a.high ? [`max(l.${a.name}) AS _hi${a.index}`] : [])
		]),
		...columns.again.map((column) => `${column.sql} AS ${column.name}`)
	];
}

/** A group's columns after the change, as `x_…`: out of what was (`k.s_…`), the deltas (`k.…`) and what was read again (`r`). */
function nextColumns({ columns }: GroupView): string[] {
	const again = (name: string, otherwise: string, zero?: string) =>
		`CASE WHEN k.again THEN ${zero ? `COALESCE(r.${name}, ${zero})` : `r.${name}`} ELSE ${otherwise} END AS x_${name}`;
	return [
		...columns.dependents.map(
			({ name }) => `CASE WHEN k._came > 0 THEN k.${name} ELSE k.s_${name} END AS x_${name}`
		),
		'COALESCE(k.s__n, 0) + k._came - k._went AS x__n',
		...columns.arguments.flatMap((a) => [
			...(a.counted ? [`COALESCE(k.s__c${a.index}, 0) + k._c${a.index} AS x__c${a.index}`] : []),
			...(a.sum ? [nextSum(a, a.sum, again)] : []),
			...(a.sum?.scaled ? [`COALESCE(k.s__p${a.index}, 0) + k._p${a.index} AS x__p${a.index}`] : []),
			...(a.low ? [nextExtreme(`_lo${a.index}`, `LEAST(k.s__lo${a.index}, k._inlo${a.index})`)] : []),
			...(a.high ? [nextExtreme(`_hi${a.index}`, `GREATEST(k.s__hi${a.index}, k._inhi${a.index})`)] : [])
		]),
		...columns.again.map(({ name }) => `r.${name} AS x_${name}`)
	];
}

/** An equal value of another form (1.0 and 1.00) changes nothing. */
function nextExtreme(name: string, folded: string): string {
	return `CASE WHEN NOT k.again THEN ${folded} WHEN r.${name} = k.s_${name} THEN k.s_${name} ELSE r.${name} END AS x_${name}`;
}

function nextSum(
	a: ArgumentColumn,
	sum: { type: string; folding: string },
	again: (name: string, otherwise: string, zero?: string) => string
): string {
	const zero = `'0'::${sum.type}`;
	const folded = `COALESCE(k.s__s${a.index}, ${zero}) + k._s${a.index}`;
	return sum.folding === 'finite' ? again(`_s${a.index}`, folded, zero) : `${folded} AS x__s${a.index}`;
}

/** Writes `next` (group columns, and the others as `x_…`) into the groups. */
function mergeGroups(view: GroupView): string {
	const { columns, table, global } = view;
	const state = stateColumns(view).map((column) => column.name);
	const groups = columns.groups.map((column) => column.name);
	return `MERGE INTO ${table} AS s USING next AS n ON ${sameGroup(columns.groups, 's', 'n')}
	${global ? '' : 'WHEN MATCHED AND n.x__n = 0 THEN DELETE\n\t'}WHEN MATCHED AND ${differ(
		state.map((name) => `n.x_${name}`),
		state.map((name) => `s.${name}`)
	)}
		THEN UPDATE SET ${state.map((name) => `${name} = n.x_${name}`).join(', ')}
	WHEN NOT MATCHED AND n.x__n > 0 THEN INSERT (${[...groups, ...state].join(', ')}) VALUES (${[...groups.map((name) => `n.${name}`), ...state.map((name) => `n.x_${name}`)].join(', ')})
	RETURNING ${returning(view)}`;
}

/** The whole lineage, then every group from it. */
function fullStatements(view: GroupView): string {
	const { plan, columns, lineage, table, global } = view;
	const values = [
		...columns.groups.map(({ name }) => `l.${name}`),
		...columns.dependents.map(({ name }) => `(array_agg(l.${name}))[1] AS ${name}`),
		'count(*) AS _n',
		...columns.arguments.flatMap((a) => [
			...(a.counted ? [`count(l.${a.name}) AS _c${a.index}`] : []),
			...(a.sum ? [`COALESCE(sum(l.${a.name}), '0'::${a.sum.type}) AS _s${a.index}`] : []),
			...(a.sum?.scaled
				? [
						`COALESCE(sum(${scaleWeight(`l.${a.name}`)}) FILTER (WHERE ${isFinite(`l.${a.name}`, a.type)}), 0) AS _p${a.index}`
					]
				: []),
			...(a.low ? [`min(l.${a.name}) AS _lo${a.index}`] : []),
			...(a.high ? [`max(l.${a.name}) AS _hi${a.index}`] : [])
		]),
		...columns.again.map((column) => `${column.sql} AS ${column.name}`)
	];
	const by = global ? '' : ` GROUP BY ${columns.groups.map(({ name }) => `l.${name}`).join(', ')}`;
	const next = [
		...columns.groups.map(({ name }) => `COALESCE(k.${name}, s.${name}) AS ${name}`),
		...stateColumns(view).map(({ name }) => {
			if (name === '_n') return 'COALESCE(k._n, 0) AS x__n';
			return /^_(lo|hi)/.test(name)
				? `CASE WHEN k.${name} = s.${name} THEN s.${name} ELSE k.${name} END AS x_${name}`
				: `k.${name} AS x_${name}`;
		})
	];
	const join = global
		? ` LEFT JOIN ${table} AS s ON true`
		: ` FULL JOIN ${table} AS s ON ${sameGroup(columns.groups, 's', 'k')}`;
	return `DECLARE
	moves bigint;
BEGIN
WITH ${lineageStages(plan, lineage, false)}
SELECT count(*) INTO moves FROM moved;
RETURN QUERY
WITH k AS (
	SELECT ${values.join(', ')} FROM ${lineage.name} AS l${by}
), next AS (
	SELECT ${next.join(', ')} FROM k${join}
), folded AS (
	${mergeGroups(view)}
)
${visibleDifference(view, 'quiet')};
END;`;
}
