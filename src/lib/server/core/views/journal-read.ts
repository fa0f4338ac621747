import { AppError } from '#kernel';
import type { Pool } from '#platform/postgres';
import { errors } from './errors.ts';
import type { JournalRow } from './types.ts';

interface Row {
	version: string;
	floor: string;
	/** Null where there is nothing to read. */
	seq: string | null;
	op: number;
	view_id: number;
	operation: 'i' | 'u' | 'd';
	key: string;
	old: JournalRow['old'];
	new: JournalRow['new'];
	/** Only in the first row of a view in a batch. */
	txids: string[] | null;
}

/** Rows, and the version of the catalog (loam.view_version) that they are to be understood with. */
export interface JournalPage {
	readonly rows: JournalRow[];
	readonly version: bigint;
}

export const operations = { i: 'insert', u: 'update', d: 'delete' } as const;

/**
 * Rows after `seq` in order, about `limit`: the last batch is whole. Throws JOURNAL_CUT where the journal
 * does not reach back so far, which is told by the snapshot of the rows themselves.
 */
export async function readJournal(
	pool: Pool,
	seq: bigint,
	limit: number,
	view?: number
): Promise<JournalPage> {
	const { rows } = await pool.query<Row>({
		name: view === undefined ? 'journal' : 'journal_of_view',
		text: view === undefined ? journalSql('') : journalSql('AND view_id = $3'),
		values: [seq.toString(), Math.max(limit, 1) - 1, ...(view === undefined ? [] : [view])]
	});
	const { version, floor } = rows[0]!;
	if (seq < BigInt(floor)) {
		throw errors.JOURNAL_CUT('These changes are not kept any more. Fetch the view again.', { seq, floor });
	}
	const txids = new Map<string, readonly bigint[]>();
	for (const row of rows) if (row.txids) txids.set(`${row.seq} ${row.view_id}`, row.txids.map(BigInt));
	const found = rows.filter((row): row is Row & { seq: string } => row.seq !== null);
	return {
		version: BigInt(version),
		rows: found.map((row) => ({
			seq: BigInt(row.seq),
			op: row.op,
			view: row.view_id,
			operation: operations[row.operation],
			key: row.key,
			old: row.old,
			new: row.new,
			txids: txids.get(`${row.seq} ${row.view_id}`) ?? []
		}))
	};
}

/** Whether the journal does not reach back to where it was to be read from. */
export function isCut(error: unknown): boolean {
	return error instanceof AppError && error.reason === 'JOURNAL_CUT';
}

const journalSql = (filter: string) => `
WITH last AS (
	SELECT seq FROM loam.journal WHERE seq > $1 ${filter} ORDER BY seq, op OFFSET $2 LIMIT 1
)
SELECT x.version, f.seq AS floor, j.seq, j.op, j.view_id, j.operation, j.key, j.old, j.new, j.txids
  FROM loam.view_version x CROSS JOIN loam.journal_floor f LEFT JOIN (
	SELECT seq, op, view_id, operation, key, old, new, txids FROM loam.journal
	 WHERE seq > $1 AND seq <= coalesce((SELECT seq FROM last), 9223372036854775807) ${filter}
  ) AS j ON true
 ORDER BY j.seq, j.op`;
