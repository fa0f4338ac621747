import type { Pool } from '#platform/postgres';
import type { JournalRow } from './types.ts';

interface Row {
	seq: string;
	op: number;
	view_id: number;
	operation: 'i' | 'u' | 'd';
	key: string;
	old: JournalRow['old'];
	new: JournalRow['new'];
	/** Only in the first row of a view in a batch. */
	txids: string[] | null;
}

export const operations = { i: 'insert', u: 'update', d: 'delete' } as const;

/** Rows after `seq` in order, about `limit`: the last batch is whole. */
export async function readJournal(
	pool: Pool,
	seq: bigint,
	limit: number,
	view?: number
): Promise<JournalRow[]> {
	const { rows } = await pool.query<Row>({
		name: view === undefined ? 'journal' : 'journal_of_view',
		text: view === undefined ? journalSql('') : journalSql('AND view_id = $3'),
		values: [seq.toString(), Math.max(limit, 1) - 1, ...(view === undefined ? [] : [view])]
	});
	const txids = new Map<string, readonly bigint[]>();
	for (const row of rows) if (row.txids) txids.set(`${row.seq} ${row.view_id}`, row.txids.map(BigInt));
	return rows.map((row) => ({
		seq: BigInt(row.seq),
		op: row.op,
		view: row.view_id,
		operation: operations[row.operation],
		key: row.key,
		old: row.old,
		new: row.new,
		txids: txids.get(`${row.seq} ${row.view_id}`) ?? []
	}));
}

const journalSql = (filter: string) => `
WITH last AS (
	SELECT seq FROM loam.journal WHERE seq > $1 ${filter} ORDER BY seq, op OFFSET $2 LIMIT 1
)
SELECT seq, op, view_id, operation, key, old, new, txids
  FROM loam.journal
 WHERE seq > $1 AND seq <= coalesce((SELECT seq FROM last), 9223372036854775807) ${filter}
 ORDER BY seq, op`;
