import type pg from 'pg';
import { testPostgres } from '#support/postgres';
import { allIds, build, fillTables, groupSql, maintain, pick, timed } from './million-tickets.ts';
import { importPeer } from './peers.ts';
import { quantile, row, type Row } from './row.ts';

const keys = 1000;
/** PGlite computes all of it again for each change. */
const pgliteRounds = 5;

interface Ticket {
	readonly id: string;
	readonly project_id: string;
	readonly points: number;
}

type Changes = Readonly<Partial<Record<'projects' | 'tickets', (readonly [object, 1 | -1])[]>>>;

interface DbIvm {
	openGraph(): { send(changes: Changes): void; told(): number };
}

interface Pglite {
	openLiveQuery(
		fill: string,
		sql: string
	): Promise<{ change(statement: string): Promise<void>; close(): Promise<void> }>;
}

/** The grouped view of a million tickets beside those who keep such views in the memory of a process. */
export async function run(): Promise<Row[]> {
	const db = await testPostgres();
	const client = await db.connect(db.superuserUrl);
	try {
		await fillTables(client);
		const spec = await build(client, 'group', groupSql);
		const ids = await allIds(client);
		const graph = await fillGraph(client);
		const [ours, theirs]: [number[], number[]] = [[], []];
		for (let n = 0; n < 30; n++) {
			const picked = pick(ids, keys);
			ours.push(await maintain(client, spec, picked));
			theirs.push(graph.change(picked));
		}
		const one: number[] = [];
		for (let n = 0; n < 100; n++) one.push(await maintain(client, spec, pick(ids, 1)));
		return [
			row({
				name: `view-maintenance group ${keys} keys db-ivm`,
				value: quantile(ours, 0.5),
				unit: 'ms',
				against: '@tanstack/db-ivm, in memory',
				reference: quantile(theirs, 0.5),
				ratio: quantile(theirs, 0.5) / quantile(ours, 0.5),
				goal: '>= 2'
			}),
			row({
				name: 'view-maintenance memory db-ivm',
				value: await sessionMemory(client),
				unit: 'MB',
				against: '@tanstack/db-ivm, in memory',
				reference: graph.memory,
				goal: '<= 0.1'
			}),
			await besidePglite(quantile(one, 0.5))
		];
	} finally {
		await client.end();
		await db.drop();
	}
}

/** The same rows in a graph of db-ivm, and the memory that it takes, in MB. */
async function fillGraph(client: pg.Client) {
	const { openGraph } = await importPeer<DbIvm>('db-ivm');
	const projects = await client.query<object>('SELECT id::text, name FROM i1.projects');
	const before = usedMemory();
	const graph = openGraph();
	graph.send({ projects: projects.rows.map((project) => [project, 1]) });
	const tickets = new Map<string, Ticket>();
	const { rows } = await client.query<Ticket>('SELECT id::text, project_id::text, points FROM i1.tickets');
	for (const ticket of rows) tickets.set(ticket.id, ticket);
	for (let n = 0; n < rows.length; n += 50_000)
		graph.send({ tickets: rows.slice(n, n + 50_000).map((ticket) => [ticket, 1]) });
	rows.length = 0;
	return {
		memory: usedMemory() - before,
		/** ms until the graph has told what the change of these tickets does. */
		change(ids: readonly string[]): number {
			const changes = ids.flatMap((id): [object, 1 | -1][] => {
				const old = tickets.get(id)!;
				const now = { ...old, points: (old.points + 1) % 13 };
				tickets.set(id, now);
				return [
					[old, -1],
					[now, 1]
				];
			});
			const told = graph.told();
			const start = performance.now();
			graph.send({ tickets: changes });
			const took = performance.now() - start;
			if (graph.told() === told) throw new Error('db-ivm told nothing of a change');
			return took;
		}
	};
}

function usedMemory(): number {
	globalThis.gc?.();
	return process.memoryUsage().heapUsed / 2 ** 20;
}

/** MB that the session which maintained the view holds. */
async function sessionMemory(client: pg.Client): Promise<number> {
	const { rows } = await client.query<{ bytes: string }>(
		'SELECT sum(total_bytes) AS bytes FROM pg_backend_memory_contexts'
	);
	return Number(rows[0]!.bytes) / 2 ** 20;
}

const pgliteFill = `
	CREATE TABLE projects (id integer PRIMARY KEY, name text NOT NULL);
	CREATE TABLE tickets (id integer PRIMARY KEY, project_id integer NOT NULL, points integer NOT NULL);
	INSERT INTO projects SELECT n, 'Project ' || n FROM generate_series(0, 999) AS n;
	INSERT INTO tickets SELECT n, n % 1000, n % 13 FROM generate_series(1, 1000000) AS n;
	CREATE INDEX ON tickets (project_id);
	ANALYZE`;

/** `value`: ms of a change of one key here. */
async function besidePglite(value: number): Promise<Row> {
	const { openLiveQuery } = await importPeer<Pglite>('pglite');
	const query = await openLiveQuery(pgliteFill, groupSql);
	const times: number[] = [];
	for (let n = 0; n < pgliteRounds; n++)
		times.push(
			await timed(() =>
				query.change(`UPDATE tickets SET points = points + 1 WHERE id = ${1 + ((n * 7919) % 1_000_000)}`)
			)
		);
	await query.close();
	const reference = quantile(times, 0.5);
	return row({
		name: 'view-maintenance group 1 key pglite',
		value,
		unit: 'ms',
		against: 'an incremental live query of PGlite',
		reference,
		ratio: reference / value,
		goal: '>= 1'
	});
}
