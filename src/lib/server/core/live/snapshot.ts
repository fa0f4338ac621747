import { messageEncoder, snapshotEndMessage } from '#engine/shape';
import type { Views } from '#core/views';
import { appliedSnapshot } from './applied-snapshot.ts';
import { type ChunkWriter, type Chunks } from './chunks.ts';
import { filterFailure, isFilterFailure } from './filter-failure.ts';
import { shownKey } from './row-key.ts';
import { queryText, rowOf, selectShape } from './sql.ts';
import type { ResolvedShape } from './types.ts';

/** The rows of a shape as of one position of the journal, encoded and cut into chunks. */
export interface Snapshot {
	readonly position: bigint;
	readonly rows: number;
	readonly chunks: Chunks;
}

const fetchRows = 2_000;

/** Reads a shape inside one transaction bound to a position (rules 19 and 20 of the data rules). */
export async function takeSnapshot(
	shape: ResolvedShape,
	views: Pick<Views, 'snapshot'>,
	writer: ChunkWriter
): Promise<Snapshot> {
	const encoder = messageEncoder(shape.relation);
	const { text, values } = selectShape(shape);
	try {
		return await views.snapshot(shape.view, async (client, at) => {
			await client.query({ text: `DECLARE shape NO SCROLL CURSOR FOR ${text}`, values });
			const fetch = { text: `FETCH ${fetchRows} FROM shape`, values: [] };
			let rows = 0;
			for (let page = await queryText(client, fetch); ; page = await queryText(client, fetch)) {
				for (const line of page) {
					writer.add(encoder.row(shownKey(shape, line[0]!), rowOf(shape.columns, line)));
				}
				rows += page.length;
				await writer.flush();
				if (page.length < fetchRows) break;
			}
			writer.add(snapshotEndMessage(await appliedSnapshot(client, shape.view)));
			return { position: at.seq, rows, chunks: await writer.finish() };
		});
	} catch (error) {
		await writer.abandon();
		throw isFilterFailure(error) ? filterFailure(error, 'where') : error;
	}
}
