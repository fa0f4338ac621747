import type pg from 'pg';
import { finishView, planView, renderSql, type ViewDefinition, type ViewSpec } from '#engine/view';

/** The view that the planner makes of a SELECT, typed by Postgres over the tables of `schema` (quoted). */
export async function planned(
	client: Pick<pg.ClientBase, 'query'>,
	schema: string,
	definition: ViewDefinition
): Promise<ViewSpec> {
	const outcome = await planView(definition);
	if (!outcome.ok) throw new Error(outcome.diagnostics.map(({ message }) => message).join('\n'));
	const { plan } = outcome;
	const { rows } = await client.query<{ types: string[] }>(renderSql(plan.describeSql, { data: schema }));
	return finishView(plan, rows[0]!.types);
}
