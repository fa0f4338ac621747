import { readExactly, type ExactReader } from './exact-reader.ts';
import type { RunningLoam } from './loam.ts';
import { waitUntil, type Nodes } from './nodes.ts';
import type { Desk } from './ticket-writers.ts';

/** Readers of Tickets at some nodes: a table itself, a join and a group. */
export interface TicketAudit {
	readonly readers: readonly ExactReader[];
	/** The reader of the table at a node. */
	tableAt(node: RunningLoam): ExactReader;
	/** How often the readers were told to fetch all again. */
	refetches(): number;
	/**
	 * Waits until every reader holds what Postgres does, and throws where a change was lost or doubled on the
	 * way, or a ticket is not there that was acknowledged.
	 */
	settle(acknowledged: ReadonlySet<string>, withinMs?: number): Promise<void>;
	stop(): void;
}

const tables = ['tickets', 'board', 'work_by_status'] as const;

export function auditTickets(all: Nodes, nodes: readonly RunningLoam[], desk: Desk): TicketAudit {
	const readers = nodes.flatMap(({ url }) =>
		tables.map((table) => ({
			url,
			table,
			reader: readExactly({ url, token: desk.token, table: `tickets.${table}` })
		}))
	);

	async function truth(): Promise<Record<(typeof tables)[number], string>> {
		const [{ number }] = (await all.query<{ number: number }>(
			`SELECT number FROM loam.installation WHERE name = 'tickets' ORDER BY number LIMIT 1`
		)) as [{ number: number }];
		const [row] = await all.query<{ tickets: string[]; statuses: Record<string, string> }>(
			`SELECT coalesce(array_agg(id || ' ' || title ORDER BY id), '{}') AS tickets,
			        (SELECT coalesce(json_object_agg(status, n), '{}') FROM (SELECT status, count(*)::text AS n FROM i${number}.tickets GROUP BY status) s) AS statuses
			   FROM i${number}.tickets`
		);
		const list = JSON.stringify(row!.tickets);
		return { tickets: list, board: list, work_by_status: JSON.stringify(row!.statuses) };
	}

	function held(table: (typeof tables)[number], { rows }: ExactReader): string {
		const values = [...rows.values()];
		if (table === 'work_by_status') {
			return JSON.stringify(Object.fromEntries(values.map((row) => [row['status'], String(row['tickets'])])));
		}
		return JSON.stringify(values.map((row) => `${String(row['id'])} ${String(row['title'])}`).sort());
	}

	return {
		readers: readers.map(({ reader }) => reader),
		tableAt: ({ url }) => readers.find((one) => one.url === url && one.table === 'tickets')!.reader,
		refetches: () => readers.reduce((sum, { reader }) => sum + reader.refetches, 0),
		async settle(acknowledged, withinMs = 30_000) {
			const wanted = await truth();
			const behind = () => readers.filter(({ table, reader }) => held(table, reader) !== wanted[table]);
			await waitUntil(() => behind().length === 0, 'every reader holds what Postgres does', withinMs).catch(
				(error: Error) => {
					const who = behind().map(({ url, table, reader }) => `${url} ${table} (${reader.rows.size} rows)`);
					throw new Error(`${error.message}: ${who.join(', ')}`);
				}
			);
			const faults = readers.flatMap(({ url, reader }) => reader.faults.map((fault) => `${url} ${fault}`));
			if (faults.length > 0) throw new Error(`changes were lost or doubled: ${faults.join('; ')}`);
			const missing = [...acknowledged].filter((title) => !wanted.tickets.includes(` ${title}"`));
			if (missing.length > 0) throw new Error(`acknowledged and lost: ${missing.join(', ')}`);
		},
		stop() {
			for (const { reader } of readers) reader.stop();
		}
	};
}
