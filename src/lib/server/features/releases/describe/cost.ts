import type { Diagnostic } from '#kernel';
import type { TableSpec } from '#engine/schema';
import {
	finishView,
	implicitView,
	peopleTable,
	planImplicit,
	viewCost,
	type TableIndexes,
	type ViewCost
} from '#engine/view';
import type { Client } from '#platform/postgres';
import { readIndexes } from '../database/catalog.ts';
import { describe, refusal, type PlannedView } from '../gate/views.ts';

/** A view that can be kept, with its cost. */
export interface CostedView {
	readonly name: string;
	/** Empty: a table's own. */
	readonly file: string;
	readonly kind: 'through' | 'maintained';
	readonly hash: string;
	readonly cost: ViewCost;
}

/**
 * Plans that Postgres takes over the tables of `schema`, with their costs, within a transaction; what it refuses
 * is found.
 */
export async function costViews(
	client: Client,
	schema: string,
	planned: readonly PlannedView[],
	found: Diagnostic[]
): Promise<{ readonly views: readonly CostedView[]; readonly indexes: TableIndexes }> {
	const indexes = await readIndexes(client, schema);
	const views: CostedView[] = [];
	for (const { file, plan } of planned) {
		// one that is refused does not end the transaction
		await client.query('SAVEPOINT view');
		const types = await describe(client, schema, { file, plan }, found);
		await client.query('ROLLBACK TO SAVEPOINT view');
		if (!types) continue;
		try {
			finishView(plan, types);
			const { name, kind, hash } = plan;
			views.push({ name, file, kind, hash, cost: viewCost(plan, types) });
		} catch (error) {
			found.push(refusal(file, error));
		}
	}
	return { views, indexes };
}

/** The views that tables have under their own names: no SELECT, nothing to ask Postgres. */
export async function costImplicit(tables: readonly TableSpec[]): Promise<CostedView[]> {
	return Promise.all(
		[...tables, peopleTable].map(async (table) => {
			const plan = await planImplicit(table);
			const { name, kind, hash, columns } = await implicitView(table);
			const types = columns.map(({ type, dims }) => type + '[]'.repeat(dims));
			return { name, file: '', kind, hash, cost: viewCost(plan, types) };
		})
	);
}
