import type pg from 'pg';
import { renderProgram, type ViewSpec } from '#engine/view';
import { testPostgres } from '#support/postgres';
import {
	allIds,
	build,
	fillTables,
	groupSql,
	joinSql,
	maintain,
	pick,
	schemas,
	timed
} from './million-tickets.ts';
import { quantile, row, type Row } from './row.ts';

/** The rows `view-maintenance … refresh` of the budgets. */
export async function run(): Promise<Row[]> {
	const db = await testPostgres();
	const client = await db.connect(db.superuserUrl);
	try {
		await fillTables(client);
		const rows: Row[] = [];
		for (const view of [
			{ name: 'join', sql: joinSql, goals: [1000, 100] },
			{ name: 'group', sql: groupSql, goals: [50, 4] }
		]) {
			rows.push(...(await compare(client, view.name, view.sql, view.goals)));
		}
		return rows;
	} finally {
		await client.end();
		await db.drop();
	}
}

async function compare(
	client: pg.Client,
	name: string,
	sql: string,
	goals: readonly number[]
): Promise<Row[]> {
	const spec = await build(client, name, sql);
	await client.query(
		`SET search_path = i1; CREATE MATERIALIZED VIEW i1.m_${name} AS ${sql}; CREATE UNIQUE INDEX ON i1.m_${name} (id); ANALYZE i1.m_${name}`
	);
	const ids = await allIds(client);
	const rows: Row[] = [];
	for (const [index, keys] of [1, 1000].entries()) {
		// Turn by turn, so that neither has the machine to itself.
		const ours: number[] = [];
		const theirs: number[] = [];
		for (let round = 0; round < 3; round++) {
			for (let n = 0; n < (keys === 1 ? 100 : 15); n++)
				ours.push(await maintain(client, spec, pick(ids, keys)));
			theirs.push(await timed(() => client.query(`REFRESH MATERIALIZED VIEW CONCURRENTLY i1.m_${name}`)));
		}
		const [value, reference] = [quantile(ours, 0.5), quantile(theirs, 0.5)];
		rows.push(
			row({
				name: `view-maintenance ${name} ${keys} key${keys === 1 ? '' : 's'} refresh`,
				value,
				unit: 'ms',
				against: 'REFRESH MATERIALIZED VIEW CONCURRENTLY',
				reference,
				ratio: reference / value,
				goal: `>= ${goals[index]!}`
			})
		);
	}
	await check(client, spec, sql);
	return rows;
}

/** A figure of a view that went wrong is worth nothing. */
async function check(client: pg.Client, spec: ViewSpec, sql: string): Promise<void> {
	const columns = spec.columns.map((made) => made.name).join(', ');
	const read = `SELECT ${columns} FROM (${renderProgram(spec.program, schemas).read}) AS r`;
	const { rows } = await client.query<{ count: string }>(
		`SELECT count(*) FROM ((${read}) EXCEPT ALL (${sql})) AS x UNION ALL SELECT count(*) FROM ((${sql}) EXCEPT ALL (${read})) AS y`
	);
	if (rows.some((counted) => counted.count !== '0')) throw new Error(`${spec.name} differs from its SELECT`);
}
