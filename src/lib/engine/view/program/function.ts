/** Fixed for all SQL of views, so that no session's settings change a result or its text. */
const settings = [
	`search_path = ''`,
	`"TimeZone" = 'UTC'`,
	`"DateStyle" = 'ISO, DMY'`,
	`"IntervalStyle" = 'iso_8601'`,
	`bytea_output = 'hex'`,
	`extra_float_digits = '1'`
];

const logColumns = 'op integer, operation text, key text, old jsonb, new jsonb';
/** What maintenance returns: with `own`, the values of a stage's key for those that read it. */
const differenceColumns = `${logColumns}, own jsonb`;

export interface MaintenanceFunction {
	/** With schema: `{state}.m_0123…`. */
	readonly name: string;
	/** `changed jsonb` */
	readonly parameters: string;
	/** Returns rows without `own`: nothing reads on from here. */
	readonly last?: boolean;
	readonly variables?: readonly string[];
	readonly settings?: readonly string[];
	/** Statements of plpgsql; columns go before variables of the same name. */
	readonly body: string;
}

/** CREATE FUNCTION and what takes EXECUTE from PUBLIC. */
export function createFunction(made: MaintenanceFunction): string[] {
	const types = made.parameters.split(', ').map((parameter) => parameter.split(' ').slice(1).join(' '));
	const declared = (made.variables ?? []).map((variable) => `\t${variable};\n`).join('');
	const body = `\n#variable_conflict use_column\n${declared ? `DECLARE\n${declared}` : ''}BEGIN\n${made.body}\nEND\n`;
	const fence = fenceFor(body);
	return [
		`CREATE FUNCTION ${made.name}(${made.parameters}) RETURNS TABLE (${made.last ? logColumns : differenceColumns})
LANGUAGE plpgsql SECURITY DEFINER
${[...settings, ...(made.settings ?? [])].map((setting) => `SET ${setting}`).join('\n')}
AS ${fence}${body}${fence}`,
		`REVOKE ALL ON FUNCTION ${made.name}(${types.join(', ')}) FROM PUBLIC`
	];
}

/** Dollar quotes that the body does not hold. */
function fenceFor(body: string): string {
	for (let n = 0; ; n++) if (!body.includes(`$loam${n}$`)) return `$loam${n}$`;
}

/** With few keys a scan is never right, whatever stale statistics say. */
const lookUps = [`enable_seqscan = 'off'`, `join_collapse_limit = '4'`, `jit = 'off'`];
/**
 * For up to `fewKeys` changed keys: planned once a session, for planning takes longer than the work. A plan
 * that knows no number of keys must not rest on one, so it only looks up, row by row, by index.
 */
export const fewSettings = [
	`plan_cache_mode = 'force_generic_plan'`,
	`enable_hashjoin = 'off'`,
	`enable_mergejoin = 'off'`,
	...lookUps
];
/** Where planning anew begins to win. [1 key: 0.37 ms against 0.96; 10: 0.70, 1.15; 100: 4.4, 3.6.] */
export const fewKeys = 50;
/**
 * For more: planned anew at each call, for that many keys of those tables. The joins stand in an order that
 * looks up (`joinOrder`): weighing all orders of seven tables would take 100 ms a call.
 */
export const keyedSettings = [`plan_cache_mode = 'force_custom_plan'`, ...lookUps];
/** The whole view at once. */
export const fullSettings = [
	`plan_cache_mode = 'auto'`,
	`enable_seqscan = 'on'`,
	`jit = 'off'`,
	`work_mem = '64MB'`
];

/**
 * The difference out of a SELECT of `had`, `has` (whether there was and is a visible row), the key `k`, its
 * values `w` (see `ownKey`) and the rows `o` and `n`. `quiet` is SQL that is true where no rows are wanted.
 */
export function differenceOf(select: string, quiet = 'false'): string {
	// OFFSET 0 keeps each row's JSON from being made twice, for the comparison and for the result.
	return `SELECT (row_number() OVER ())::integer - 1,
	CASE WHEN NOT d.had THEN 'insert' WHEN NOT d.has THEN 'delete' ELSE 'update' END,
	d.k, CASE WHEN d.had THEN d.o END, CASE WHEN d.has THEN d.n END, d.w
FROM (${select} OFFSET 0) AS d
WHERE (d.had OR d.has) AND NOT (d.had AND d.has AND d.o = d.n) AND NOT ${quiet}`;
}

/** The values of a stage's key as texts, where others read the stage: the variable `owned` says so. */
export function ownKey(values: readonly string[]): string {
	return `CASE WHEN owned THEN jsonb_build_array(${values.map((value) => `(${value})::text`).join(', ')}) END`;
}
