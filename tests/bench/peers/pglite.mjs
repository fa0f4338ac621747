// PGlite's live incremental query: Postgres in WebAssembly, which computes the query again and compares.
import { PGlite } from '@electric-sql/pglite';
import { live } from '@electric-sql/pglite/live';

/**
 * @param {string} fill Statements that make and fill the tables.
 * @param {string} sql The query, keyed by its column `id`.
 */
export async function openLiveQuery(fill, sql) {
	const postgres = await PGlite.create({ extensions: { live } });
	await postgres.exec(fill);
	let changed = () => {};
	const query = await postgres.live.incrementalQuery({ query: sql, key: 'id', callback: () => changed() });
	return {
		/** Resolves when the query's rows are those after the statement. */
		async change(statement) {
			const seen = new Promise((resolve) => (changed = resolve));
			await postgres.exec(statement);
			await seen;
		},
		async close() {
			await query.unsubscribe();
			await postgres.close();
		}
	};
}
