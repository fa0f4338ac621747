import type { Client } from '#platform/postgres';
import type { LiveView } from '#core/views';
import { errors } from './errors.ts';

/**
 * What the view shows at the position that this transaction is bound to: a view that is kept, what the last
 * batch saw; a table that is read itself, what the fence saw, which is this transaction's own.
 */
export async function appliedSnapshot(client: Client, view: LiveView): Promise<string> {
	const text =
		view.spec.kind === 'through'
			? 'SELECT pg_current_snapshot()::text AS snapshot'
			: 'SELECT snapshot::text AS snapshot FROM loam.position';
	const { rows } = await client.query<{ snapshot: string | null }>(text);
	const snapshot = rows[0]?.snapshot;
	if (snapshot) return snapshot;
	throw errors.VIEW_NOT_READY('The view is still being built. Try again in a moment.');
}
